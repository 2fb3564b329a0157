/** Many sessions in one page: linear memory, listeners, nodes and workers stay where they are. FACEID_SESSIONS sets how many (30). Prints the curve. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { elementPage, launch, serve } from './harness.mjs';
import { fakeCloud } from '../../pkg-config/testkit/cloud.js';

const SESSIONS = Number(process.env.FACEID_SESSIONS ?? 30);
/** The first sessions fill caches: compiled code, the shared style sheet, the texts. */
const WARM = 10;

/** Runs in the page: keeps every wasm memory of the page's own thread, and counts the attempts given back. */
function watchMemory() {
  globalThis.__memories = [];
  globalThis.__freed = 0;
  const original = WebAssembly.instantiate;
  WebAssembly.instantiate = async (...args) => {
    const result = await original.apply(WebAssembly, args);
    const { exports } = result.instance ?? result;
    if (!exports.memory) return result;
    globalThis.__memories.push(exports.memory);
    const counted = { ...exports, __wbg_attempt_free: (...all) => { exports.__wbg_attempt_free(...all); globalThis.__freed += 1; } };
    // Of a module an instance comes back, of bytes both.
    const instance = Object.create(WebAssembly.Instance.prototype, { exports: { value: counted } });
    return result.instance ? { ...result, instance } : instance;
  };
}

/** What is there after a collection. */
async function counted(page, cdp) {
  await page.waitForTimeout(300);
  await page.evaluate(() => globalThis.gc());
  const { nodes, jsEventListeners } = await cdp.send('Memory.getDOMCounters');
  const pages = await page.evaluate(() => globalThis.__memories.map((m) => m.buffer.byteLength / 65536));
  return { memories: pages.length, wasmPages: pages.reduce((a, b) => a + b, 0), listeners: jsEventListeners, nodes, workers: page.workers().length };
}

test(`${SESSIONS} sessions leave nothing behind`, async () => {
  const browser = await launch({ extra: ['--js-flags=--expose-gc'] });
  const server = await serve(fakeCloud().routes);
  const page = await elementPage(browser, server, { prepare: (page) => page.addInitScript(watchMemory) });
  const cdp = await page.context().newCDPSession(page);
  const rows = [];
  for (let i = 1; i <= SESSIONS; i += 1) {
    await page.evaluate(async () => {
      const element = document.getElementById('liveness');
      globalThis.__events.length = 0;
      const outcome = element.start({ bizToken: 'token' });
      const seen = (type) => globalThis.__events.some((event) => event.type === type);
      while (!seen('camera') || !seen('engine-ready')) {
        if (seen('closed')) throw new Error('over before the engine was ready');
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      element.cancel();
      await outcome;
      globalThis.__tracks.splice(0).forEach((t) => { if (t.readyState === 'live') throw new Error('a live track'); });
      globalThis.__events.length = 0;
      globalThis.gc();
    });
    if (i === WARM || i === SESSIONS || i % 10 === 0) {
      let row = await counted(page, cdp);
      // The last worker may still be ending, and a busy collector be late; what has leaked stays.
      for (let again = 0; again < 8 && rows.length > 0 && (row.listeners > rows[0].listeners || row.nodes > rows[0].nodes || row.workers > 0); again += 1) {
        await page.waitForTimeout(500);
        row = await counted(page, cdp);
      }
      rows.push({ sessions: i, ...row });
    }
  }
  console.table(rows);
  assert.equal(await page.evaluate(() => globalThis.__freed), SESSIONS, 'each attempt is given back');
  await browser.close();
  await server.close();
  const [first, last] = [rows[0], rows.at(-1)];
  assert.equal(last.memories, 1, 'one instance of the shell');
  // One page of 64 KiB may come late: what JavaScript has let go is given back at its next collection.
  assert.ok(last.wasmPages - first.wasmPages <= 1, `linear memory ${first.wasmPages} → ${last.wasmPages} pages`);
  assert.equal(last.workers, 0, 'workers');
  assert.ok(last.listeners - first.listeners <= 2, `listeners ${first.listeners} → ${last.listeners}`);
  assert.ok(last.nodes - first.nodes <= 10, `nodes ${first.nodes} → ${last.nodes}`);
});

test('an attempt that is cancelled while the cloud is being asked is given back once the question has ended', async () => {
  const browser = await launch();
  let asked;
  const whenAsked = new Promise((resolve) => { asked = resolve; });
  const server = await serve(fakeCloud({ init: () => new Promise(() => asked()) }).routes);
  const page = await elementPage(browser, server, { prepare: (page) => page.addInitScript(watchMemory) });
  const outcome = page.evaluate(() => document.getElementById('liveness').start({ bizToken: 'token' }));
  await whenAsked;
  await page.evaluate(() => document.getElementById('liveness').cancel());
  assert.equal((await outcome).message, 'USER_CANCEL');
  await page.waitForFunction(() => globalThis.__freed === 1, undefined, { timeout: 10_000 });
  await browser.close();
  await server.close();
});
