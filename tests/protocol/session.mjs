// One session of the private protocol, written from docs/protocol.md §4 to §6 alone.

import { randomBytes } from 'node:crypto';
import http from 'node:http';
import { deriveKeys, freshPair, hex, isAuthentic, nextTranscript, seal, sha256, sharedSecret } from './channel.mjs';

const PREFIX = '/sdk/v1';
const JSON_TYPE = 'application/json';
const EMPTY = new Uint8Array();

/** A refusal of the server: its row `{code, message}` (413 has none), and whether it carried a MAC. */
export class Refused extends Error {
  constructor(call, status, body, sealed) {
    const text = Buffer.from(body).toString();
    super(`${call}: ${status} ${text}${sealed ? '' : ' (without MAC)'}`);
    Object.assign(this, { status, sealed, row: status === 413 ? undefined : JSON.parse(text) });
  }
}

/** One HTTP request; node's own module, because it sends the Origin header that it is told. */
export function send(url, method, headers, body = EMPTY) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, headers: { ...headers, 'content-length': body.length } }, response => {
      const chunks = [];
      response.on('data', chunk => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: new Uint8Array(Buffer.concat(chunks)) }));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

const parse = bytes => JSON.parse(Buffer.from(bytes).toString());

export class Session {
  #cloud;
  #origin;
  #keys;
  #id;
  #seq = 0;
  #transcript;
  /** `config` of the init reply. */
  config;

  /** init: agrees on keys and checks that the reply is the server's own. */
  static async open({ cloud, origin, bizToken, excluded = [] }) {
    const pair = await freshPair();
    const request = Buffer.from(
      JSON.stringify({
        v: 1,
        biz_token: bizToken,
        sdk: { name: 'independent-client', version: '1.0.0', build: 'tests/protocol', wasm_sha256: '' },
        client_pub: pair.point,
        client_nonce: randomBytes(16).toString('hex'),
        env: { user_agent: `node ${process.version}`, camera_label: '', language: 'en' },
        excluded_actions: excluded,
      }),
    );
    const path = `${PREFIX}/init`;
    const answer = await send(cloud + path, 'POST', { 'content-type': JSON_TYPE, ...(origin && { origin }) }, request);
    if (answer.status !== 200) throw new Refused('init', answer.status, answer.body, false);
    const reply = parse(answer.body);
    const session = new Session();
    session.#cloud = cloud;
    session.#origin = origin;
    session.#keys = await deriveKeys(await sharedSecret(pair.secret, reply.server_pub), request, answer.body);
    session.#id = reply.session_id;
    session.#transcript = session.#keys.salt;
    session.config = reply.config;
    const call = { method: 'POST', path, seq: 0, prev: session.#keys.salt };
    if (!(await isAuthentic(session.#keys.s2c, 's2c', call, answer.body, answer.headers['x-fid-mac']))) throw new Error('init: reply not authentic');
    return session;
  }

  /** The transcript hash as it stands, hex. */
  get transcript() {
    return hex(this.#transcript);
  }

  /** Sends a call and checks the reply. `accepted(reply)` says whether a 2xx reply moves the session on. */
  async #call(method, name, type, body, accepted = () => true) {
    const call = { method, path: `${PREFIX}/${name}`, seq: this.#seq + 1, prev: this.#transcript };
    const headers = {
      'x-fid-session': this.#id,
      'x-fid-seq': String(call.seq),
      'x-fid-prev': hex(call.prev),
      'x-fid-mac': await seal(this.#keys.c2s, 'c2s', call, body),
      'content-type': type,
      ...(this.#origin && { origin: this.#origin }),
    };
    const answer = await send(this.#cloud + call.path, method, headers, body);
    const authentic = await isAuthentic(this.#keys.s2c, 's2c', call, answer.body, answer.headers['x-fid-mac']);
    if (answer.status < 200 || answer.status > 299) throw new Refused(name, answer.status, answer.body, authentic);
    if (!authentic) throw new Error(`${name}: reply not authentic`);
    if (accepted(answer.body)) {
      this.#seq = call.seq;
      this.#transcript = await nextTranscript(call.prev, call.seq, body, answer.body);
    }
    return answer.body;
  }

  /** Commits a step's frames, `[{t, jpeg}]`; the next challenge, or undefined after the last. */
  async commit(step, frames) {
    const digests = await Promise.all(frames.map(async frame => hex(await sha256(frame.jpeg))));
    const body = Buffer.from(JSON.stringify({ step, commit: { frames: digests, t: frames.map(frame => frame.t) } }));
    return parse(await this.#call('POST', 'challenge', JSON_TYPE, body)).next;
  }

  async upload(jpeg) {
    const reply = await this.#call('PUT', `frames/${hex(await sha256(jpeg))}`, 'image/jpeg', jpeg);
    if (reply.length > 0) throw new Error('upload: a reply with a body');
  }

  /** Asks until there is a verdict: `{code, message}`. */
  async finalise(best, telemetry) {
    const body = Buffer.from(JSON.stringify({ best: hex(await sha256(best)), telemetry, transcript: this.transcript }));
    for (;;) {
      const isFinal = bytes => parse(bytes).state === 'final';
      const reply = parse(await this.#call('POST', 'finalise', JSON_TYPE, body, isFinal));
      if (reply.state === 'final') return { code: reply.code, message: reply.message };
      await new Promise(resolve => setTimeout(resolve, reply.retry_after_ms));
    }
  }

  async cancel(ended) {
    await this.#call('POST', 'cancel', JSON_TYPE, Buffer.from(JSON.stringify(ended ? { ended } : {})));
  }
}
