/** Camera frames: each is closed, once, however the attempt ends. A camera has few of them, and Chromium complains about those that it must collect. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { elementPage, happened, sharedBrowser, sharedServer } from './harness.mjs';
import { scriptInPage } from './worker.mjs';
import { fakeCloud } from '../../pkg-config/testkit/cloud.js';

/** Chromium looks every ten seconds whether a frame of the page was lost, and says so in its console. */
const COMPLAINT_MS = 12_000;
const COMPLAINT = /VideoFrame was garbage collected/;
const browser = await sharedBrowser({ extra: ['--js-flags=--expose-gc'] });
/** Fields of the cloud's config that differ, changed while it runs. */
const config = {};
const server = await sharedServer(fakeCloud({}, undefined, config).routes);

/** Runs in the page: counts how often each frame is closed, and lets drawing fail with `__drawFails`. */
function watchFrames() {
  globalThis.__frames = [];
  globalThis.VideoFrame = class extends VideoFrame {
    closed = 0;

    constructor(...all) {
      super(...all);
      globalThis.__frames.push(this);
    }

    close() {
      this.closed += 1;
      super.close();
    }
  };
  const { drawImage } = OffscreenCanvasRenderingContext2D.prototype;
  OffscreenCanvasRenderingContext2D.prototype.drawImage = function (...all) {
    if (globalThis.__drawFails) throw globalThis.__drawFails;
    return drawImage.apply(this, all);
  };
  // In a page it would close the window.
  self.close = () => globalThis.__said.push({ type: 'gone' });
}

/** A worker's script, ways to give it frames, and how often each frame was closed so far. */
async function script() {
  const page = await browser.newPage();
  await scriptInPage(page, server, watchFrames);
  assert.deepEqual(await page.evaluate(() => globalThis.__frames.splice(0).map((frame) => frame.closed)), [1], 'the one that was tried');
  await page.evaluate(() => {
    let id = 0;
    /** In planes, or as a canvas has it, which the script must draw. */
    globalThis.__give = (planes, change) => {
      id += 1;
      const canvas = new OffscreenCanvas(64, 48);
      canvas.getContext('2d').fillRect(0, 0, 64, 48);
      const size = { format: 'I420', codedWidth: 64, codedHeight: 48, timestamp: 0 };
      const picture = planes ? new VideoFrame(new Uint8Array(64 * 48 * 1.5).fill(128), size) : new VideoFrame(canvas, { timestamp: 0 });
      globalThis.__send({ type: 'frame', id, t: id * 40, side: 480, picture: Object.assign(picture, change) });
      return id;
    };
    globalThis.__until = async (right) => {
      for (let left = 500; left > 0 && !right(globalThis.__said); left -= 1) await new Promise((resolve) => setTimeout(resolve, 20));
      return globalThis.__frames.map((frame) => frame.closed);
    };
    globalThis.__judged = (id) => globalThis.__until((said) => said.some((m) => m.id === id));
    globalThis.__ended = () => {
      globalThis.__send({ type: 'end' });
      return globalThis.__until((said) => said.some((m) => m.type === 'gone'));
    };
  });
  return page;
}

for (const planes of [true, false]) {
  test(`the worker, ${planes ? 'planes' : 'drawn'}: the last frame and the best one are held, the others are closed, and all at the end`, async () => {
    const page = await script();
    const [superseded, kept, better, end] = await page.evaluate(async (planes) => {
      globalThis.__give(planes);
      globalThis.__give(planes);
      const superseded = await globalThis.__judged(globalThis.__give(planes));
      globalThis.__send({ type: 'keep-best', id: 3 });
      // It is closed once it is copied.
      const kept = await globalThis.__until(() => globalThis.__frames[2].closed);
      const id = globalThis.__give(planes);
      globalThis.__send({ type: 'keep-best', id });
      globalThis.__send({ type: 'keep-best', id });
      const better = await globalThis.__judged(globalThis.__give(planes));
      // On its way when the end comes.
      globalThis.__give(planes);
      return [superseded, kept, better.slice(0, 3), await globalThis.__ended()];
    }, planes);
    assert.deepEqual(superseded, [1, 1, 0]);
    assert.deepEqual(kept, [1, 1, 1]);
    assert.deepEqual(better, [1, 1, 1]);
    assert.deepEqual(end, [1, 1, 1, 1, 1, 1]);
    await page.close();
  });
}

test('the worker: the end comes while the best frame is being copied', async () => {
  const page = await script();
  const end = await page.evaluate(async () => {
    const id = globalThis.__give(true);
    globalThis.__send({ type: 'keep-best', id });
    return globalThis.__ended();
  });
  assert.deepEqual(end, [1]);
  await page.close();
});

test('the worker: planes that are refused, pictures that cannot be drawn', async () => {
  const page = await script();
  const [skipped, end] = await page.evaluate(async () => {
    globalThis.__drawFails = new DOMException('refused', 'InvalidStateError');
    const skipped = await globalThis.__judged(globalThis.__give(true, { copyTo: () => Promise.reject(new DOMException('refused', 'NotSupportedError')) }));
    globalThis.__drawFails = null;
    await globalThis.__judged(globalThis.__give(true));
    return [skipped, await globalThis.__ended()];
  });
  assert.deepEqual(skipped, [1]);
  assert.deepEqual(end, [1, 1]);
  await page.close();
});

test('the worker: after a trap nothing is held, and what still comes is closed', async () => {
  const page = await script();
  const [before, after] = await page.evaluate(async () => {
    const id = globalThis.__give(true);
    globalThis.__send({ type: 'keep-best', id });
    const before = await globalThis.__judged(globalThis.__give(true));
    globalThis.__drawFails = new WebAssembly.RuntimeError('test');
    globalThis.__give(false);
    globalThis.__give(true);
    await globalThis.__until((said) => said.some((m) => m.type === 'failed'));
    return [before, await globalThis.__until(() => globalThis.__frames.every((frame) => frame.closed))];
  });
  assert.equal(before.at(-1), 0);
  assert.deepEqual(after, [1, 1, 1, 1]);
  await page.close();
});

/** Runs in the page: keeps its frames, which are empty once they are closed or have moved to the worker, and its worker. */
function keepFrames() {
  globalThis.__frames = [];
  globalThis.VideoFrame = class extends VideoFrame {
    constructor(...all) {
      super(...all);
      globalThis.__frames.push(this);
    }
  };
  globalThis.Worker = class extends Worker {
    constructor(...all) {
      super(...all);
      globalThis.__worker = this;
    }
  };
}

/** What ends an attempt whose frames are being judged, and how; a trap is the last thing that a page's module does. */
const ENDINGS = [
  ['cancelled', () => document.getElementById('liveness').cancel(), 'USER_CANCEL'],
  ['unplugged', () => globalThis.__tracks.at(-1).dispatchEvent(new Event('ended')), 'DEVICE_NOT_SUPPORT'],
  ['overtaken', () => {
    globalThis.__refuse = 'NotAllowedError';
    document.getElementById('liveness').start({ bizToken: 'second' }).finally(() => { globalThis.__refuse = ''; });
  }, 'USER_CANCEL'],
  ['nobody comes', () => {}, 'USER_TIMEOUT'],
  ['a failed worker', () => globalThis.__worker.dispatchEvent(new ErrorEvent('error')), 'FACE_INIT_FAIL|LIVENESS_DETECT_FAILED'],
  ['a trap', async () => (await import('/faceid/lib/errors.js')).reportPanic('test'), 'UNKOWN_ERROR'],
];

/** Loses a frame, and gives what Chromium says to that. */
async function complaintOfLoss() {
  const page = await elementPage(browser, server);
  const complaint = page.waitForEvent('console', { predicate: (m) => COMPLAINT.test(m.text()), timeout: COMPLAINT_MS });
  await page.evaluate(() => {
    new VideoFrame(new Uint8Array(6), { format: 'I420', codedWidth: 2, codedHeight: 2, timestamp: 0 });
  });
  await page.evaluate(() => globalThis.gc());
  await complaint;
  await page.close();
}

test('attempts that end in every way lose no frame, in the page or in the worker', async () => {
  const complaints = [];
  const page = await elementPage(browser, server, {
    prepare: (page) => {
      page.on('console', (m) => COMPLAINT.test(m.text()) && complaints.push(m.text()));
      return page.addInitScript(keepFrames);
    },
  });
  for (const [name, act, message] of ENDINGS) {
    config.timeout_ms = name === 'nobody comes' ? 6000 : 60_000;
    await page.evaluate(() => {
      globalThis.__events.length = globalThis.__frames.length = 0;
      globalThis.__outcome = document.getElementById('liveness').start({ bizToken: 'token' });
    });
    await happened(page, 'camera', 'engine-ready');
    await page.waitForFunction(() => globalThis.__frames.length >= 5);
    await page.evaluate(act);
    assert.match((await page.evaluate(() => globalThis.__outcome)).message, new RegExp(`^(${message})$`), name);
    // A frame that was being taken is closed when it comes.
    await page.waitForTimeout(300);
    const formats = await page.evaluate(() => globalThis.__frames.map(({ format }) => format));
    assert.deepEqual([...new Set(formats)], [null], `${name}: open in the page`);
    await page.evaluate(() => globalThis.gc());
  }
  await Promise.all([complaintOfLoss(), page.waitForTimeout(COMPLAINT_MS)]);
  assert.deepEqual(complaints, []);
  await page.close();
});
