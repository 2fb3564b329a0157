/** The testkit for integrators: every scenario through the element, in no time and without a camera. */
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DIST, launch, serve, watchPage } from './harness.mjs';

const { SCENARIOS, eventsOf } = await import(pathToFileURL(join(DIST, 'faceid/testkit/index.js')).href);
const { outcomeText } = await import(pathToFileURL(join(DIST, 'faceid/text/lookup.js')).href);
const { default: en } = await import(pathToFileURL(join(DIST, 'faceid/text/en.js')).href);
let browser;
let server;
before(async () => {
  browser = await launch();
  server = await serve();
});
after(async () => {
  await browser?.close();
  await server?.close();
});

test('every ending is a row of the table, with the table’s own blame', () => {
  for (const scenario of SCENARIOS) {
    const { code, message, blame, retryable } = eventsOf(scenario).at(-1);
    const row = en.outcomes[`${code} ${message}`];
    assert.ok(row, scenario);
    assert.equal(outcomeText(en, code, message), row);
    assert.deepEqual({ blame, retryable }, { blame: row.blame, retryable: row.retryable }, scenario);
  }
  assert.throws(() => eventsOf('win'), /no scenario is called win/);
});

test('all scenarios through the element: one end each, the right kind, no camera, under a second', async () => {
  const page = await browser.newPage();
  await page.addInitScript(watchPage);
  await page.goto(`${server.url}/states.html?bare=1&state=idle&lang=en`);
  await page.waitForSelector('[data-ready]');
  const { ends, ms } = await page.evaluate(async () => {
    const { SCENARIOS, script } = await import('/faceid/testkit/index.js');
    const element = document.getElementById('liveness');
    element.tokenProvider = async () => 'token';
    const ends = {};
    let current = '';
    for (const type of ['action', 'result', 'error', 'cancel']) element.addEventListener(type, () => ends[current].push(type));
    const begun = performance.now();
    script(element, () => current, { wait: async () => {} });
    for (current of SCENARIOS) {
      ends[current] = [];
      await element.start();
    }
    return { ends, ms: performance.now() - begun };
  });
  assert.deepEqual(ends, {
    pass: ['action', 'action', 'action', 'result'], 'other-person': ['action', 'action', 'action', 'result'], 'wrong-action': ['action', 'action', 'action', 'result'],
    attack: ['action', 'action', 'action', 'result'], 'token-used': ['result'], 'no-permission': ['error'], 'no-camera': ['error'], network: ['action', 'error'], cancel: ['cancel'],
  });
  assert.ok(ms < 1000, `${ms} ms`);
  assert.equal(await page.evaluate(() => globalThis.__tracks.length), 0);
  await page.close();
});
