// Keys, message authentication and transcript of the private protocol, written from docs/protocol.md §3 and §4 alone. Node's own WebCrypto, no packages.

const { subtle } = globalThis.crypto;
const utf8 = new TextEncoder();

export const hex = bytes => Buffer.from(bytes).toString('hex');
export const unhex = text => new Uint8Array(Buffer.from(text, 'hex'));

function concat(...parts) {
  return new Uint8Array(Buffer.concat(parts));
}

function u64be(number) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(number));
  return bytes;
}

export async function sha256(bytes) {
  return new Uint8Array(await subtle.digest('SHA-256', bytes));
}

/** A fresh P-256 pair: the private key, and the public point as it travels. */
export async function freshPair() {
  const pair = await subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveBits']);
  return { secret: pair.privateKey, point: Buffer.from(await subtle.exportKey('raw', pair.publicKey)).toString('base64') };
}

/** A private key from its scalar: for the test vectors only. The format wants the point as well. */
export function pairOfScalar(scalar, point) {
  const raw = Buffer.from(point, 'base64');
  const url = bytes => Buffer.from(bytes).toString('base64url');
  const jwk = { kty: 'EC', crv: 'P-256', d: url(scalar), x: url(raw.subarray(1, 33)), y: url(raw.subarray(33)) };
  return subtle.importKey('jwk', jwk, { name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveBits']);
}

/** The other side's point: standard base64 of 65 bytes that begin with 4; WebCrypto refuses points off the curve. */
export async function readPoint(text) {
  const raw = Buffer.from(text, 'base64');
  if (raw.toString('base64') !== text) throw new Error('not standard base64');
  if (raw.length !== 65 || raw[0] !== 4) throw new Error('not an uncompressed point');
  return subtle.importKey('raw', raw, { name: 'ECDH', namedCurve: 'P-256' }, false, []);
}

export async function sharedSecret(secret, point) {
  return new Uint8Array(await subtle.deriveBits({ name: 'ECDH', public: await readPoint(point) }, secret, 256));
}

/** Salt and both keys from the exact bytes of init request and reply. */
export async function deriveKeys(z, request, reply) {
  const salt = await sha256(concat(request, reply));
  const input = await subtle.importKey('raw', z, 'HKDF', false, ['deriveBits']);
  const derive = async info =>
    new Uint8Array(await subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt, info: utf8.encode(info) }, input, 256));
  return { salt, c2s: await derive('faceid/1c2s'), s2c: await derive('faceid/1s2c') };
}

/** What a MAC covers. `call` is `{method, path, seq, prev}`. */
export async function macInput(direction, call, body) {
  return concat(
    utf8.encode('faceid/1'),
    utf8.encode(direction),
    utf8.encode(call.method),
    utf8.encode(call.path),
    u64be(call.seq),
    call.prev,
    await sha256(body),
  );
}

async function hmacKey(key) {
  return subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
}

export async function seal(key, direction, call, body) {
  return hex(await subtle.sign('HMAC', await hmacKey(key), await macInput(direction, call, body)));
}

/** WebCrypto compares in constant time. */
export async function isAuthentic(key, direction, call, body, mac) {
  if (!/^[0-9a-f]{64}$/.test(mac ?? '')) return false;
  return subtle.verify('HMAC', await hmacKey(key), unhex(mac), await macInput(direction, call, body));
}

/** The transcript after an accepted call. */
export async function nextTranscript(prev, seq, request, reply) {
  return sha256(concat(prev, u64be(seq), await sha256(request), await sha256(reply)));
}
