/**
 * A cloud that can fail in every way: it speaks just enough of the private protocol to get a page to an end. It judges nothing, and runs in Node.js.
 */
import { createHash, webcrypto } from 'node:crypto';

const { subtle } = webcrypto;
const sha = (...parts) => createHash('sha256').update(Buffer.concat(parts.map((p) => Buffer.from(p)))).digest();

/** What passes here passes nowhere else: `actions` are asked in this order, and whatever is sent is a success. */
const SUCCESS = '{"state":"final","code":51000,"message":"SUCCESS"}';

/**
 * @param {{init?: Function, challenge?: Function, frames?: Function, finalise?: Function, cancel?: Function}} faults handlers `(request, response, body) => handled?`
 * @param {string[]} [actions] asked one after the other, then the verdict is a success; without them nods are asked for ever
 * @param {object} [config] fields of the init reply's config that differ
 * @returns routes for `serve`, what was called, and what the pages told when they ended by themselves
 */
export function fakeCloud(faults = {}, actions = undefined, config = {}) {
  const calls = [];
  const told = [];
  let session = null;

  async function init(request, response, body) {
    const message = JSON.parse(body);
    const pair = await subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveBits']);
    const peer = await subtle.importKey('raw', Buffer.from(message.client_pub, 'base64'), { name: 'ECDH', namedCurve: 'P-256' }, false, []);
    const secret = await subtle.deriveBits({ name: 'ECDH', public: peer }, pair.privateKey, 256);
    const point = Buffer.from(await subtle.exportKey('raw', pair.publicKey));
    const reply = Buffer.from(JSON.stringify({
      session_id: 'fake', server_pub: point.toString('base64'), server_nonce: '00'.repeat(16), expires_at: Date.now() + 60000, server_time: Date.now(),
      config: {
        action_count: actions?.length ?? 3, timeout_ms: 60000, action_timeout_ms: 20000, evidence_max_side: 480, evidence_quality: 80,
        frame_max_bytes: 2097152, total_max_bytes: 20971520, wrong_action: 'restart_once', ...config,
      },
    }));
    const salt = sha(body, reply);
    const base = await subtle.importKey('raw', secret, 'HKDF', false, ['deriveKey']);
    const key = (info) => subtle.deriveKey({ name: 'HKDF', hash: 'SHA-256', salt, info: Buffer.from(info) }, base, { name: 'HMAC', hash: 'SHA-256', length: 256 }, false, ['sign', 'verify']);
    session = { c2s: await key('faceid/1c2s'), s2c: await key('faceid/1s2c'), transcript: salt, seq: 0 };
    await answer(response, 200, reply, { method: 'POST', path: '/sdk/v1/init', seq: 0, prev: salt });
  }

  /** Checks the request's MAC like the real server, then answers with `reply`. */
  async function sealed(request, response, body, reply, status = 200) {
    const path = request.url.split('?')[0];
    const seq = Number(request.headers['x-fid-seq']);
    const prev = Buffer.from(request.headers['x-fid-prev'], 'hex');
    const mac = Buffer.from(request.headers['x-fid-mac'], 'hex');
    const right = seq === session.seq + 1 && prev.equals(session.transcript) && (await subtle.verify('HMAC', session.c2s, mac, input('c2s', request.method, path, seq, prev, sha(body))));
    if (!right) return response.writeHead(403, { 'content-type': 'application/json' }).end('{"code":54200,"message":"AUTHENTICATION_FAIL"}');
    const bytes = Buffer.from(reply);
    await answer(response, status, bytes, { method: request.method, path, seq, prev });
    session.seq = seq;
    const number = Buffer.alloc(8);
    number.writeBigUInt64BE(BigInt(seq));
    session.transcript = sha(prev, number, sha(body), sha(bytes));
    return undefined;
  }

  async function answer(response, status, bytes, { method, path, seq, prev }) {
    const mac = await subtle.sign('HMAC', session.s2c, input('s2c', method, path, seq, prev, sha(bytes)));
    response.writeHead(status, { 'content-type': 'application/json', 'x-fid-mac': Buffer.from(mac).toString('hex') }).end(bytes);
  }

  function challenge(done) {
    const action = actions ? actions[done] : 'nod';
    if (!action) return {};
    return { next: { step: done + 1, challenge_id: '00'.repeat(16), action, min_ms: 200, max_ms: 20000, deadline: Date.now() + 20000 } };
  }

  const guarded = (name, act) => async (request, response, body) => {
    calls.push(name);
    if (faults[name] && (await faults[name](request, response, body)) !== false) return;
    await act(request, response, body);
  };
  return {
    calls,
    told,
    routes: {
      '/sdk/v1/init': guarded('init', init),
      '/sdk/v1/challenge': guarded('challenge', (q, r, b) => sealed(q, r, b, JSON.stringify(challenge(JSON.parse(b).step)))),
      '/sdk/v1/frames/*': guarded('frames', (q, r, b) => sealed(q, r, b, '', 204)),
      '/sdk/v1/finalise': guarded('finalise', (q, r, b) => sealed(q, r, b, actions ? SUCCESS : '{"state":"final","code":54200,"message":"VERIFICATION_FAILURE"}')),
      '/sdk/v1/cancel': guarded('cancel', async (q, r, b) => {
        await sealed(q, r, b, '{}');
        told.push(JSON.parse(b).ended);
      }),
    },
  };
}

/** `"faceid/1" ‖ direction ‖ method ‖ path ‖ u64be seq ‖ prev ‖ SHA-256(body)` */
function input(direction, method, path, seq, prev, digest) {
  const number = Buffer.alloc(8);
  number.writeBigUInt64BE(BigInt(seq));
  return Buffer.concat([Buffer.from(`faceid/1${direction}${method}${path}`), number, prev, digest]);
}
