// The customer's side: signed calls of the public API, as deploy/signed-call.sh shows them.

import { createHmac, randomUUID } from 'node:crypto';
import { send } from './session.mjs';

const FORM = 'application/x-www-form-urlencoded; charset=UTF-8';

/** `key` is what `faceid key create --json` prints. */
export class Backend {
  constructor(cloud, key) {
    Object.assign(this, { cloud, key });
  }

  async #call(method, path, params, type) {
    const sorted = Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1));
    const signed = { 'x-ca-key': this.key.app_key, 'x-ca-nonce': randomUUID(), 'x-ca-timestamp': String(Date.now()) };
    const lines = [method, 'application/json', '', type, '', ...Object.entries(signed).map(([name, value]) => `${name}:${value}`)];
    const text = [...lines, `${path}?${sorted.map(([name, value]) => `${name}=${value}`).join('&')}`].join('\n');
    const headers = {
      accept: 'application/json',
      ...signed,
      'x-ca-signature-headers': Object.keys(signed).join(','),
      'x-ca-signature': createHmac('sha256', this.key.app_secret).update(text).digest('base64'),
      ...(type && { 'content-type': type }),
    };
    const encoded = new URLSearchParams(sorted).toString();
    const answer = type
      ? await send(this.cloud + path, method, headers, Buffer.from(encoded))
      : await send(`${this.cloud}${path}?${encoded}`, method, headers);
    const body = Buffer.from(answer.body).toString();
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${body}`);
    return JSON.parse(body);
  }

  async bizToken(name, number, more = {}) {
    const params = { liveness_type: 'meglive', idcard_name: name, idcard_number: number, ...more };
    return (await this.#call('POST', '/face/v1.2/sdk/get_biz_token', params, FORM)).biz_token;
  }

  result(bizToken, verbose = 0) {
    return this.#call('GET', '/face/v1.2/sdk/get_result', { biz_token: bizToken, verbose: String(verbose) }, '');
  }
}
