// The committed test vectors against the independent client's own derivation (channel.mjs). crates/client/tests/protocol_vectors.rs makes and checks them in Rust.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { deriveKeys, hex, isAuthentic, macInput, nextTranscript, pairOfScalar, readPoint, seal, sha256, sharedSecret, unhex } from './channel.mjs';

const vectors = JSON.parse(readFileSync(new URL('vectors.json', import.meta.url)));
const bytes = text => new Uint8Array(Buffer.from(text));

test('the vectors are of the version that this client speaks', () => {
  assert.equal(vectors.protocol, 1);
  assert.ok(vectors.sessions.length >= 2 && vectors.points.length >= 6 && vectors.forged.length >= 8, 'none was lost');
});

for (const session of vectors.sessions) {
  test(`session: ${session.name}`, async () => {
    const [request, reply] = [bytes(session.init_request), bytes(session.init_reply)];
    const point = { client: JSON.parse(session.init_request).client_pub, server: JSON.parse(session.init_reply).server_pub };
    const z = await sharedSecret(await pairOfScalar(unhex(session.client_secret), point.client), point.server);
    assert.equal(hex(z), session.shared_secret, 'shared secret');
    const other = await sharedSecret(await pairOfScalar(unhex(session.server_secret), point.server), point.client);
    assert.equal(hex(other), session.shared_secret, 'shared secret, from the other side');
    const keys = await deriveKeys(z, request, reply);
    assert.deepEqual([hex(keys.salt), hex(keys.c2s), hex(keys.s2c)], [session.salt, session.key_c2s, session.key_s2c], 'salt and keys');
    const init = { method: 'POST', path: '/sdk/v1/init', seq: 0, prev: keys.salt };
    assert.equal(await seal(keys.s2c, 's2c', init, reply), session.init_reply_mac, 'init reply');

    let transcript = keys.salt;
    for (const [index, call] of session.calls.entries()) {
      const [body, answer] = [unhex(call.body_hex), bytes(call.reply)];
      const sealed = { method: call.method, path: call.path, seq: call.seq, prev: transcript };
      assert.deepEqual([hex(transcript), call.seq], [call.prev, index + 1], `${call.path}: where it stands`);
      assert.equal(hex(await sha256(body)), call.body_sha256, `${call.path}: body`);
      assert.equal(hex(await macInput('c2s', sealed, body)), call.mac_input, `${call.path}: bytes under the MAC`);
      assert.equal(await seal(keys.c2s, 'c2s', sealed, body), call.mac, `${call.path}: MAC`);
      assert.equal(await seal(keys.s2c, 's2c', sealed, answer), call.reply_mac, `${call.path}: MAC of the reply`);
      if (call.accepted) transcript = await nextTranscript(transcript, call.seq, body, answer);
      assert.equal(hex(transcript), call.transcript, `${call.path}: transcript`);
    }
  });
}

for (const point of vectors.points) {
  test(`point: ${point.name}`, async () => {
    const outcome = await readPoint(point.base64).then(
      () => true,
      () => false,
    );
    assert.equal(outcome, point.valid, point.base64);
  });
}

for (const forged of vectors.forged) {
  test(`reply that must not pass: ${forged.name}`, async () => {
    const { key_s2c: key, calls } = vectors.sessions[0];
    const call = calls[0];
    const expected = { method: call.method, path: call.path, seq: call.seq, prev: unhex(call.prev) };
    assert.equal(await isAuthentic(unhex(key), 's2c', expected, bytes(call.reply), call.reply_mac), true, 'the true one passes');
    assert.equal(await isAuthentic(unhex(key), 's2c', expected, bytes(forged.reply), forged.mac), false, forged.mac);
  });
}
