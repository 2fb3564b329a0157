/** How the page comes to its code: hints that fit, modules compiled while they come in, everything fetched beforehand. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DIST, elementPage, serve, sharedBrowser, sharedServer } from './harness.mjs';
import { fakeCloud } from '../../pkg-config/testkit/cloud.js';

const browser = await sharedBrowser();
const server = await sharedServer(fakeCloud().routes);
const ENGINE = /\/faceid\/(?:models\/|lib\/engine)/;

/** Runs in pages and, put before it, in the worker: notes each use of the streaming compiler. */
const noteStreams = `{
  const original = WebAssembly.compileStreaming;
  globalThis.__streamed = [];
  WebAssembly.compileStreaming = async (source) => {
    const module = await original(source);
    globalThis.__streamed.push(WebAssembly.Module.exports(module).length);
    return module;
  };
}`;

/** The worker's script with something before it; `after` is asked when the engine is ready, its answer comes as the message `told`. */
async function inWorker(context, before, after = 'null') {
  await context.route('**/faceid/lib/worker.js', async (route) => {
    const response = await route.fetch();
    const tell = `{ const post = self.postMessage.bind(self); self.postMessage = (message, ...more) => { post(message, ...more); if (message.type === 'ready') post({ type: 'told', told: ${after} }); }; }`;
    await route.fulfill({ response, body: `${before};${tell};${await response.text()}` });
  });
}

/** One attempt until the engine is ready or the attempt is over: what the worker told, and how it ended if it did. */
async function attempt(page) {
  return page.evaluate(async () => {
    const element = document.getElementById('liveness');
    const outcome = element.start({ bizToken: 'token' });
    const seen = (type) => globalThis.__events.some((event) => event.type === type);
    while (!seen('engine-ready') && !seen('closed')) await new Promise((resolve) => setTimeout(resolve, 20));
    const ready = seen('engine-ready');
    element.cancel();
    await outcome;
    return { ready, told: globalThis.__told, streamed: globalThis.__streamed?.length };
  });
}

/** Keeps what workers tell. */
function hear() {
  globalThis.Worker = class extends Worker {
    constructor(...all) {
      super(...all);
      this.addEventListener('message', ({ data }) => {
        if (data.type === 'told') globalThis.__told = data.told;
      });
    }
  };
}

const watched = async (page) => {
  await page.addInitScript(hear);
  await page.addInitScript(noteStreams);
};

test('shell and engine are compiled while they come in', async () => {
  const context = await browser.newContext();
  await inWorker(context, noteStreams, '__streamed.length');
  const page = await elementPage(context, server, { prepare: watched });
  assert.deepEqual(await attempt(page), { ready: true, told: 1, streamed: 1 });
  const again = await elementPage(context, server, { prepare: watched });
  assert.deepEqual(await attempt(again), { ready: true, told: 1, streamed: 1 }, 'from what was kept');
  await context.close();
});

test('a server that names modules as something else, and a compiler that gives up, cost only time', async () => {
  const context = await browser.newContext();
  await context.route('**/*.wasm', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, headers: { ...response.headers(), 'content-type': 'application/octet-stream' } });
  });
  await inWorker(context, noteStreams, '__streamed.length');
  assert.deepEqual(await attempt(await elementPage(context, server, { prepare: watched })), { ready: true, told: 0, streamed: 0 });
  await context.close();

  const second = await browser.newContext();
  const refuse = "WebAssembly.compileStreaming = async () => { throw new TypeError('refused'); }";
  await inWorker(second, refuse);
  const page = await elementPage(second, server, { prepare: (page) => page.addInitScript(refuse) });
  assert.equal((await attempt(page)).ready, true);
  await second.close();
});

test('a module that streams well and is not the one of this version is not run', async () => {
  const context = await browser.newContext();
  const plain = await readFile(join(DIST, 'faceid/lib/engine-plain/faceid_liveness_bg.wasm'));
  await context.route('**/faceid/lib/engine/*.wasm', (route) => route.fulfill({ body: plain, contentType: 'application/wasm' }));
  const page = await elementPage(context, server);
  const said = [];
  page.on('console', (message) => said.push(message.text()));
  assert.equal((await attempt(page)).ready, false);
  assert.ok(said.some((text) => /not the file that this version of the package was built with/.test(text)), said.join('\n'));
  await context.close();
});

test('what is preloaded is not fetched again', async () => {
  const context = await browser.newContext();
  const page = await elementPage(context, server);
  server.requests.length = 0;
  const fetched = () => server.requests.filter((line) => ENGINE.test(line) || /lib\/shell\/.*wasm/.test(line));
  assert.equal(await page.evaluate(async () => (await import('/faceid/lib/index.js')).preload()), true);
  assert.equal(fetched().length, 5, fetched().join());
  assert.equal(await page.evaluate(async () => (await import('/faceid/lib/index.js')).preload()), true, 'twice does no harm');
  assert.equal((await attempt(page)).ready, true);
  assert.equal(fetched().length, 5, fetched().join());
  assert.equal(await page.evaluate(() => globalThis.__tracks.length > 0), true, 'the attempt had a camera');
  await context.close();
});

test('what cannot be preloaded is said, and stops nothing', async () => {
  const context = await browser.newContext();
  const page = await elementPage(context, server);
  const said = [];
  page.on('console', (message) => said.push(message.text()));
  const preload = (options) => page.evaluate(async (options) => (await import('/faceid/lib/index.js')).preload(options), options);
  assert.equal(await preload({ assets: { detector: `${server.url}/nowhere.net` } }), false);
  assert.ok(said.some((text) => /not preloaded.*nowhere\.net answered HTTP 404/.test(text)), said.join('\n'));
  await context.route('**/face_landmark.net', () => {});
  assert.equal(await preload({ engineTimeoutMs: 200 }), false, 'a file that never comes');
  assert.ok(said.some((text) => /not everything came in 200 ms/.test(text)), said.join('\n'));
  await context.unroute('**/face_landmark.net');
  await context.route('**/shell/*.wasm', () => {});
  await page.reload();
  assert.equal(await preload({ engineTimeoutMs: 3000 }), false, 'a shell that never comes');
  assert.equal(await page.evaluate(() => globalThis.__tracks.length), 0, 'no camera');
  await context.close();
});

test("the hints of our own pages are what they load, once each", async () => {
  for (const path of ['/', '/h5/#biz_token=x']) {
    const context = await browser.newContext();
    const page = await context.newPage();
    const quiet = await serve(fakeCloud().routes);
    const said = [];
    page.on('console', (message) => said.push(message.text()));
    await page.goto(`${quiet.url}${path}`);
    await page.waitForFunction(() => performance.getEntriesByType('resource').some(({ name }) => name.endsWith('shell/faceid_liveness_bg.wasm')));
    await page.waitForLoadState('networkidle');
    const hinted = await page.evaluate(() => [...document.querySelectorAll('link[rel=modulepreload], link[rel=preload]')].map(({ href }) => new URL(href).pathname));
    assert.ok(hinted.length > 20, hinted.join());
    const asked = quiet.requests.map((line) => line.split(' ')[1]);
    for (const file of hinted) assert.equal(asked.filter((path) => path === file).length, 1, `${file} on ${path}`);
    // Whatever of ours was fetched before the prompt and is not hinted is a round trip; the page's own script adds one module to the element's.
    const ours = asked.filter((file) => file.startsWith('/faceid/') && !ENGINE.test(file) && !hinted.includes(file));
    assert.deepEqual(ours.filter((file) => !/\/(?:preload|worker|bridge)\.js$/.test(file)), [], path);
    assert.deepEqual(said.filter((text) => /preload/.test(text)), [], path);
    await quiet.close();
    await context.close();
  }
});
