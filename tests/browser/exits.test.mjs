/** Every way out of an attempt: exactly one end, the camera's light off, no worker left, nothing said afterwards. Prints the count. */
import { after, test } from 'node:test';
import assert from 'node:assert/strict';
import { elementPage, happened, live, refusal, reply, serve, sharedBrowser } from './harness.mjs';
import { fakeCloud } from '../../pkg-config/testkit/cloud.js';

const browser = await sharedBrowser();
let done = 0;
after(() => console.log(`exits: ${done}, live camera tracks after each: 0`));

const missing = reply(404, '');
const element = (page, act) => page.evaluate(`(${act})(document.getElementById('liveness'))`);
const toCamera = (page) => happened(page, 'camera');
const toEngine = (page) => happened(page, 'engine-ready');
const track = (page, act) => page.evaluate(`(${act})(globalThis.__tracks[globalThis.__tracks.length - 1])`);

/**
 * Each: what the page is like before, what happens to the running attempt, how it must end.
 * @type {[string, {before?: string, faults?: object, routes?: object, config?: object, options?: object, act?: (page: import('playwright-core').Page) => Promise<unknown>}, string][]}
 */
const EXITS = [
  ['the token is refused', { faults: { init: refusal } }, 'BIZ_TOKEN_DENIED'],
  ['permission denied', { before: "globalThis.__refuse = 'NotAllowedError'" }, 'NO_CAMERA_PERMISSION'],
  ['no camera', { before: "globalThis.__refuse = 'NotFoundError'" }, 'DEVICE_NOT_SUPPORT'],
  ['camera busy', { before: "globalThis.__refuse = 'NotReadableError'" }, 'DEVICE_NOT_SUPPORT'],
  ['camera over-constrained', { before: "globalThis.__refuse = 'OverconstrainedError'" }, 'DEVICE_NOT_SUPPORT'],
  ['cancel button', { act: async (page) => (await toCamera(page), page.click('faceid-liveness .cancel')) }, 'USER_CANCEL'],
  ['cancel() from the page', { act: async (page) => (await toEngine(page), element(page, (e) => e.cancel())) }, 'USER_CANCEL'],
  ['abort signal', { before: 'globalThis.__stop = new AbortController()', options: { signal: '__stop' }, act: async (page) => (await toCamera(page), page.evaluate(() => globalThis.__stop.abort())) }, 'USER_CANCEL'],
  ['the element leaves the page', { act: async (page) => (await toCamera(page), element(page, (e) => e.remove())) }, 'USER_CANCEL'],
  ['the page goes into the back-forward cache', { act: async (page) => (await toCamera(page), page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true })))) }, 'USER_CANCEL'],
  ['another attempt takes its place', { act: async (page) => (await toCamera(page), element(page, (e) => (globalThis.__refuse = 'NotAllowedError', e.start({ bizToken: 'second' }), undefined))) }, 'USER_CANCEL'],
  ['camera unplugged', { act: async (page) => (await toCamera(page), track(page, (t) => (t.stop(), t.dispatchEvent(new Event('ended'))))) }, 'DEVICE_NOT_SUPPORT'],
  ['camera falls silent', { act: async (page) => (await toEngine(page), await toCamera(page), page.evaluate(() => document.getElementById('liveness').video.pause())) }, 'DEVICE_NOT_SUPPORT'],
  ['the tab stays hidden', { act: async (page) => (await toCamera(page), page.evaluate(() => (Object.defineProperty(document, 'hidden', { get: () => true }), document.dispatchEvent(new Event('visibilitychange'))))) }, 'LIVENESS_DETECT_FAILED'],
  ['nobody comes', { config: { timeout_ms: 4000 }, act: toCamera }, 'USER_TIMEOUT'],
  ['engine file missing', { routes: { '/faceid/models/*': missing } }, 'FACE_INIT_FAIL'],
  ['worker script missing', { routes: { '/faceid/lib/worker.js': missing } }, 'FACE_INIT_FAIL'],
  ['the worker dies in the middle', { before: "const W = Worker; globalThis.Worker = class extends W { constructor(...a) { super(...a); globalThis.__worker = this; } }", act: async (page) => (await toEngine(page), await toCamera(page), page.evaluate(() => globalThis.__worker.dispatchEvent(new ErrorEvent('error')))) }, 'FACE_INIT_FAIL|LIVENESS_DETECT_FAILED'],
  ['shell file missing', { routes: { '/faceid/lib/shell/faceid_liveness_bg.wasm': missing } }, 'INIT_FAILED'],
  ['the cloud goes away', { faults: { init: (request) => void request.socket.destroy() } }, 'NETWORK_ERROR'],
  ['a trap in the wasm', { act: async (page) => (await toCamera(page), page.evaluate(async () => (await import('/faceid/lib/errors.js')).reportPanic('test'))) }, 'UNKOWN_ERROR'],
];

test('there are at least fourteen', () => assert.ok(EXITS.length >= 14));

for (const [name, { before: prepare = '', faults = {}, routes = {}, config = {}, options = {}, act }, message] of EXITS) {
  test(name, async () => {
    const cloud = fakeCloud(faults, undefined, config);
    const server = await serve({ ...cloud.routes, ...routes });
    const page = await elementPage(browser, server);
    await page.evaluate(prepare);
    const outcome = page.evaluate((options) => {
      if (options.signal) options.signal = globalThis[options.signal].signal;
      const element = document.getElementById('liveness');
      globalThis.__ends = { ends: 0, closed: 0, afterwards: 0 };
      let over = false;
      element.addEventListener('closed', () => { globalThis.__ends.closed += 1; });
      for (const type of ['result', 'error', 'cancel']) element.addEventListener(type, () => { globalThis.__ends.ends += 1; over = true; });
      for (const type of ['state', 'prompt', 'guidance', 'progress', 'camera']) element.addEventListener(type, () => { globalThis.__ends.afterwards += over ? 1 : 0; });
      return element.start({ bizToken: 'token', ...options });
    }, options);
    await act?.(page);
    const end = await outcome;
    // The farewell to the cloud and a late camera have this long to go wrong.
    await page.waitForTimeout(400);
    assert.match(end.message, new RegExp(`^(${message})$`));
    assert.equal(await live(page), 0, 'live tracks');
    const second = name === 'another attempt takes its place' ? 1 : 0;
    const { ends, closed, afterwards } = await page.evaluate(() => globalThis.__ends);
    assert.deepEqual([ends, closed], [1 + second, 1 + second], 'one of result, error and cancel, and closed');
    if (!second) assert.equal(afterwards, 0, 'events after the end');
    assert.equal(page.workers().length, 0, 'workers');
    done += 1;
    await page.close();
    await server.close();
  });
}
