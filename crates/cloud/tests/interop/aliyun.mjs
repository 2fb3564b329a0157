// Drives a running cloud with the unmodified npm package `aliyun-api-gateway` (1.1.6): random requests, every one must pass the
// signature, except those with repeated keys, which this client signs joined with a comma and a cloud with default settings refuses.
// Usage, in a folder where the package is installed:
//   node aliyun.mjs --address http://127.0.0.1:8080 --key-file key.json [--count 1000] [--seed 1] [--joined-repeats true]
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const options = Object.fromEntries(process.argv.slice(2).join(' ').split('--').filter(Boolean).map((pair) => pair.trim().split(/\s+/)));
const count = Number(options.count ?? 1000);
let state = BigInt(options.seed ?? 1);
const { Client } = createRequire(join(process.cwd(), 'package.json'))('aliyun-api-gateway');
const key = JSON.parse(readFileSync(options['key-file'], 'utf8'));
const client = new Client(key.app_key, key.app_secret);

// A small generator, so that a failure can be repeated from its seed.
const random = (n) => {
  state = (state * 6364136223846793005n + 1442695040888963407n) & ((1n << 64n) - 1n);
  return Number((state >> 33n) % BigInt(n));
};
const pick = (list) => list[random(list.length)];
const pieces = ['张三', '李四', 'a', 'Z', '0', ' ', '&', '=', '+', '%', '%20', '/', '?', '#', ':', ',', ';', '~', '*', "'", '"', '\\', '<', '@', 'é', '😀', '　'];
const text = (most) => Array.from({ length: random(most) }, () => pick(pieces)).join('');

const answers = {};
const note = (name) => { answers[name] = (answers[name] ?? 0) + 1; };
const failures = [];
const joined = options['joined-repeats'] === 'true';
let repeats = 0;
const tokens = [];

/** A request with a repeated key: accepted exactly where the cloud was told to accept this client's way of signing it. */
async function repeated(what, run) {
  repeats += 1;
  let error = '';
  try {
    error = (await run()).error ?? '';
  } catch (thrown) {
    error = thrown.data?.headers?.['x-ca-error-message'] ?? String(thrown.code ?? thrown.message);
  }
  note(`repeated key: ${error || 'accepted'}`);
  if ((error === 'Invalid Signature') === joined) failures.push({ what, error });
}

/** What the SDK hands back, or the error it throws for 4xx: both carry the server's answer. */
async function call(what, run) {
  let body;
  try {
    body = await run();
  } catch (error) {
    body = { error: error.data?.headers?.['x-ca-error-message'] ?? String(error.code ?? error.message) };
  }
  const row = typeof body === 'string' ? JSON.parse(body) : body;
  note(row.error ? row.error : 'accepted');
  // Everything about credentials is a failure here; arguments are random, so 400 rows about them are fine.
  if (row.error && !/^(MISSING_ARGUMENTS|BAD_ARGUMENTS|IMAGE_ERROR_UNSUPPORTED_FORMAT):/.test(row.error)) failures.push({ what, error: row.error });
  return row;
}

for (let i = 0; i < count; i += 1) {
  const kind = random(11);
  if (kind < 6 || tokens.length === 0) {
    const data = { liveness_type: 'meglive', idcard_name: text(6) || '张三', idcard_number: '110101199003074477' };
    if (random(2)) data.biz_no = text(12);
    if (random(3) === 0) data.security_level = String(1 + random(4));
    if (random(3) === 0) data.image_ref1 = '';
    if (random(8) === 0) data.image_ref2 = 'undefined';
    const query = random(6) === 0 ? `?${new URLSearchParams({ liveness_timeout: '30' })}` : '';
    const row = await call(data, () => client.post(`${options.address}/face/v1.2/sdk/get_biz_token${query}`, { data, headers: { 'content-type': pick(['application/x-www-form-urlencoded', 'application/x-www-form-urlencoded; charset=UTF-8']) } }));
    if (row.biz_token) tokens.push(row.biz_token);
  } else if (kind < 9) {
    const query = { biz_token: random(4) ? pick(tokens) : text(10) || 'x', verbose: pick(['0', '1', '']) };
    await call(query, () => client.get(`${options.address}/face/v1.2/sdk/get_result`, { query }));
  } else if (kind === 9) {
    const value = text(4) || '1';
    const values = random(2) ? [value, value] : [value, text(4) || '2'];
    if (random(2)) {
      const data = { liveness_type: 'meglive', idcard_name: '张三', idcard_number: '110101199003074477', biz_no: values };
      await repeated(data, () => client.post(`${options.address}/face/v1.2/sdk/get_biz_token`, { data, headers: { 'content-type': 'application/x-www-form-urlencoded' } }));
    } else {
      const query = { biz_token: values };
      await repeated(query, () => client.get(`${options.address}/face/v1.2/sdk/get_result`, { query }));
    }
  } else {
    const data = { liveness_type: 'meglive', idcard_name: text(6), nested: [text(3)] };
    await call(data, () => client.post(`${options.address}/face/v1.2/sdk/get_biz_token`, { data, headers: { 'content-type': 'application/json' } }));
  }
}
console.log(JSON.stringify({ client: 'aliyun-api-gateway', count, repeated_keys: repeats, joined_repeats: joined, failures: failures.length, answers }));
for (const failure of failures.slice(0, 5)) console.error(JSON.stringify(failure));
process.exit(failures.length === 0 ? 0 : 1);
