/** The engine's files between visits: kept under their digest, never served stale, fetched again when they are not what they should be. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { elementPage, launch, serve } from './harness.mjs';
import { fakeCloud } from '../../pkg-config/testkit/cloud.js';

const ENGINE = /\/faceid\/(?:models\/|lib\/engine)/;

/** One visit until the engine is ready. */
async function visit(context, server) {
  server.requests.length = 0;
  const page = await elementPage(context, server);
  await page.evaluate(async () => {
    const element = document.getElementById('liveness');
    const outcome = element.start({ bizToken: 'token' });
    while (!globalThis.__events.some(({ type }) => type === 'engine-ready')) await new Promise((resolve) => setTimeout(resolve, 20));
    element.cancel();
    await outcome;
  });
  return page;
}

const asked = (server) => server.requests.filter((line) => ENGINE.test(line));
const keys = (page) => page.evaluate(async () => (await (await caches.open('faceid-liveness')).keys()).map(({ url }) => new URL(url).pathname));

/** Storing and forgetting go on behind the engine's back. */
async function settled(page, right) {
  for (let left = 100; left > 0; left -= 1) {
    const found = await keys(page);
    if (right(found)) return found;
    await page.waitForTimeout(50);
  }
  return keys(page);
}

test('a second visit fetches no engine and no model', async () => {
  const browser = await launch();
  const server = await serve(fakeCloud().routes);
  const context = await browser.newContext();
  const first = await visit(context, server);
  assert.equal(asked(server).length, 4, asked(server).join());
  await first.evaluate(async () => (await caches.open('faceid-liveness')).put('/.faceid-liveness/of-another-version', new Response('old')));
  const second = await visit(context, server);
  assert.deepEqual(asked(server), []);
  const left = await settled(second, (found) => found.length === 4);
  assert.equal(left.length, 4, left.join());
  assert.ok(left.every((path) => /^\/\.faceid-liveness\/[0-9a-f]{64}$/.test(path)), left.join());
  await browser.close();
  await server.close();
});

test('a kept file that changed is fetched again', async () => {
  const browser = await launch();
  const server = await serve(fakeCloud().routes);
  const context = await browser.newContext();
  const first = await visit(context, server);
  const [kept] = await settled(first, (found) => found.length === 4);
  await first.evaluate(async (path) => (await caches.open('faceid-liveness')).put(path, new Response('rotten')), kept);
  await visit(context, server);
  assert.equal(asked(server).length, 1, asked(server).join());
  await browser.close();
  await server.close();
});

test('a browser that refuses storage fetches every time', async () => {
  const browser = await launch();
  const server = await serve(fakeCloud().routes);
  const context = await browser.newContext();
  // The worker's own global: what a sandboxed frame or a private window answers.
  await context.route('**/faceid/lib/worker.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `Object.defineProperty(self, 'caches', { get() { throw new DOMException('refused', 'SecurityError'); } });${await response.text()}` });
  });
  for (let times = 0; times < 2; times += 1) {
    await visit(context, server);
    assert.equal(asked(server).length, 4, asked(server).join());
  }
  await browser.close();
  await server.close();
});
