/** Strict Content-Security-Policies with the header on: what the page asks for, what the browser complains about, what a wrong header does. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DIST, elementPage, live, serve, sharedBrowser } from './harness.mjs';
import { fakeCloud } from '../../pkg-config/testkit/cloud.js';

const STRICT = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";
const browser = await sharedBrowser();

/** Runs an attempt under a policy until engine and camera are up, or to its end. */
async function attempt(policy, { routes = {}, options = {}, prefix = '/' } = {}) {
  const cloud = fakeCloud();
  const server = await serve({ ...cloud.routes, ...routes }, { policy, prefix });
  const [requests, complaints] = [[], []];
  const page = await elementPage(browser, server, {
    prepare: (page) => {
      page.on('request', (r) => requests.push(r.url()));
      page.on('console', (m) => ['error', 'warning'].includes(m.type()) && complaints.push(m.text()));
      return page.addInitScript(() => {
        globalThis.__violations = [];
        document.addEventListener('securitypolicyviolation', (e) => globalThis.__violations.push(`${e.violatedDirective} ${e.blockedURI}`));
      });
    },
  });
  await page.evaluate((o) => {
    globalThis.__outcome = null;
    document.getElementById('liveness').start({ bizToken: 'token', ...o }).then((outcome) => { globalThis.__outcome = outcome; });
  }, options);
  await page.waitForFunction(() => globalThis.__outcome || ['camera', 'engine-ready'].every((type) => globalThis.__events.some((e) => e.type === type)), undefined, { timeout: 40_000 });
  const early = await page.evaluate(() => globalThis.__outcome);
  await page.evaluate(() => document.getElementById('liveness').cancel());
  const seen = { early, violations: await page.evaluate(() => globalThis.__violations), origins: [...new Set(requests.map((u) => new URL(u).origin))], complaints, own: server.url, requests };
  assert.equal(await live(page), 0);
  await page.close();
  await server.close();
  return seen;
}

test("default-src 'self'; script-src 'self' 'wasm-unsafe-eval' is enough, and one origin is asked", async () => {
  const { early, violations, origins, complaints, own, requests } = await attempt(STRICT);
  assert.equal(early, null, JSON.stringify(early));
  assert.deepEqual(violations, []);
  assert.deepEqual(complaints, []);
  assert.deepEqual(origins, [own]);
  assert.ok(requests.some((u) => u.endsWith('.wasm')) && requests.some((u) => u.includes('/models/')), requests.join('\n'));
});

test('the folder works under any prefix', async () => {
  const { early, origins, own, requests } = await attempt(STRICT, { prefix: '/some/where/else/' });
  assert.equal(early, null, JSON.stringify(early));
  assert.deepEqual(origins, [own]);
  assert.ok(requests.filter((u) => !u.includes('/sdk/v1/')).every((u) => u.startsWith(`${own}/some/where/else/`)), requests.join('\n'));
});

test("without 'wasm-unsafe-eval' the attempt ends with its code, and the browser says why", async () => {
  const { early, complaints } = await attempt("default-src 'self'; script-src 'self'");
  assert.equal(early?.message, 'INIT_FAILED');
  assert.match(complaints.join('\n'), /wasm-unsafe-eval|unsafe-eval/);
});

test('Trusted Types: the one policy is enough', async () => {
  const { early, violations, complaints } = await attempt(`${STRICT}; require-trusted-types-for 'script'; trusted-types faceid-liveness`);
  assert.equal(early, null, JSON.stringify(early));
  assert.deepEqual(violations, []);
  assert.deepEqual(complaints, []);
});

test('Trusted Types without our policy: FACE_INIT_FAIL, and the console says what to add', async () => {
  const { early, complaints } = await attempt(`${STRICT}; require-trusted-types-for 'script'; trusted-types other`);
  assert.equal(early?.message, 'FACE_INIT_FAIL');
  assert.match(complaints.join('\n'), /add faceid-liveness to the trusted-types/);
});

test('a cloud on another origin needs connect-src, and nothing else', async () => {
  const cloud = fakeCloud();
  const away = await serve({}, {});
  const allow = (handler) => async (request, response, body) => {
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('access-control-allow-headers', '*');
    response.setHeader('access-control-allow-methods', '*');
    response.setHeader('access-control-expose-headers', 'x-fid-mac');
    if (request.method === 'OPTIONS') return response.writeHead(204).end();
    return handler(request, response, body);
  };
  for (const [path, handler] of Object.entries(cloud.routes)) away.routes[path] = allow(handler);
  const options = { server: away.url };
  const { early, violations, origins, own } = await attempt(`${STRICT}; connect-src 'self' ${away.url}`, { options });
  assert.equal(early, null, JSON.stringify(early));
  assert.deepEqual(violations, []);
  assert.deepEqual(new Set(origins), new Set([own, away.url]));
  assert.ok(cloud.calls.includes('init'));
  cloud.calls.length = 0;
  const refused = await attempt(STRICT, { options });
  assert.equal(refused.early?.message, 'NETWORK_ERROR');
  assert.deepEqual(cloud.calls, [], 'the browser let nothing out');
  assert.match(refused.violations.join('\n'), /connect-src/);
  await away.close();
});

test('a worker of another origin is refused with a sentence', async () => {
  const { early, complaints } = await attempt(null, { options: { workerUrl: 'https://cdn.example/worker.js' } });
  assert.equal(early?.message, 'FACE_INIT_FAIL');
  assert.match(complaints.join('\n'), /worker-foreign|copy it to your own/);
});

test('integrity.json serves an import map: every module loads, a changed one does not', async () => {
  const digests = JSON.parse(await readFile(join(DIST, 'faceid/integrity.json'), 'utf8'));
  const integrity = Object.fromEntries(Object.entries(digests).filter(([name]) => name.endsWith('.js')).map(([name, digest]) => [`/faceid/${name}`, digest]));
  const html = `<!doctype html><script type="importmap">${JSON.stringify({ integrity })}</script>`;
  const changed = (await readFile(join(DIST, 'faceid/element/ring.js'), 'utf8')).replace('const GAP = 3', 'const GAP = 4');
  const server = await serve({ '/sri.html': (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end(html) }, { policy: null });
  const load = async () => {
    const page = await browser.newPage();
    await page.goto(`${server.url}/sri.html`);
    const result = await page.evaluate(() => import('/faceid/element/index.js').then(() => 'loaded', () => 'refused'));
    await page.close();
    return result;
  };
  assert.equal(await load(), 'loaded');
  server.routes['/faceid/element/ring.js'] = (_, response) => void response.writeHead(200, { 'content-type': 'text/javascript' }).end(changed);
  assert.equal(await load(), 'refused');
  await server.close();
});
