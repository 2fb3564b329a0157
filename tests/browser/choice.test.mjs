/** Which of several cameras is taken: by label, by facing, by whether it sees colours, by what the person chose. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { elementPage, happened, live, sharedBrowser, sharedServer } from './harness.mjs';
import { fakeCameras } from './cameras.mjs';
import { fakeCloud } from '../../pkg-config/testkit/cloud.js';

const browser = await sharedBrowser();
const server = await sharedServer(fakeCloud().routes);

const PATIENCE = { timeout: 30_000 };
const labels = (page) => page.evaluate(() => globalThis.__events.filter((e) => e.type === 'camera').map((e) => e.label));

/** A page with these cameras; starts, and waits until frames go to the machine and the choice is on the screen. */
async function begin(cameras, { context = browser, prepare, options = {} } = {}) {
  const page = await elementPage(context, server, {
    prepare: async (page) => {
      if (prepare) await page.addInitScript(prepare);
      await page.addInitScript(fakeCameras, cameras);
    },
  });
  await page.evaluate((options) => {
    const element = document.getElementById('liveness');
    element.addEventListener('cameras', (event) => globalThis.__events.push(event.detail));
    globalThis.__outcome = element.start({ bizToken: 'token', ...options });
  }, options);
  await happened(page, 'camera', 'cameras');
  return page;
}

async function end(page) {
  await page.evaluate(() => document.getElementById('liveness').cancel());
  assert.equal((await page.evaluate(() => globalThis.__outcome)).message, 'USER_CANCEL');
  assert.equal(await live(page), 0);
  await page.close();
}

const CHOICES = [
  ['a camera without colours gives way to one with', [{ id: 'a', label: 'Camera one', scene: 'grey' }, { id: 'b', label: 'Camera two' }], 'Camera two', 2],
  ['in a grey room the first camera stays', [{ id: 'a', label: 'Camera one', scene: 'grey' }, { id: 'b', label: 'Camera two', scene: 'grey' }], 'Camera one', 3],
  ['the only camera stays, grey or not', [{ id: 'a', label: 'Camera one', scene: 'grey' }], 'Camera one', 1],
  ['the browser’s choice stands among equals', [{ id: 'a', label: 'Camera one' }, { id: 'b', label: 'Camera two' }], 'Camera one', 1],
  ['a program’s camera gives way to a device', [{ id: 'a', label: 'OBS Virtual Camera' }, { id: 'b', label: 'USB Camera' }], 'USB Camera', 2],
  ['an infra-red camera gives way by its name', [{ id: 'a', label: 'Integrated IR Camera', scene: 'grey' }, { id: 'b', label: 'Integrated Camera' }], 'Integrated Camera', 2],
  ['a camera that faces away gives way', [{ id: 'a', label: 'x', facing: 'environment' }, { id: 'b', label: 'camera2 1, facing front', facing: 'user' }], 'camera2 1, facing front', 2],
];
for (const [name, cameras, label, asked] of CHOICES) {
  test(name, async () => {
    const page = await begin(cameras);
    assert.deepEqual(await labels(page), [label]);
    assert.equal(await page.evaluate(() => globalThis.__asked), asked, 'cameras asked for');
    assert.equal(await live(page), 1, 'the others are off');
    await end(page);
  });
}

const TWO = [{ id: 'first', label: 'Camera one' }, { id: 'second', label: 'Camera two' }];
const choose = (page, id) => page.locator('faceid-liveness select').selectOption(id);
const changed = (page) => page.waitForFunction(() => globalThis.__events.filter((e) => e.type === 'camera').length > 1, undefined, PATIENCE);

test('the person chooses, and the choice is remembered as an id and nothing else', async () => {
  const context = await browser.newContext();
  const page = await begin(TWO, { context });
  assert.equal(await page.locator('faceid-liveness select').getAttribute('aria-label'), 'Camera');
  await choose(page, 'second');
  await changed(page);
  assert.deepEqual(await labels(page), ['Camera one', 'Camera two']);
  assert.equal(await live(page), 1, 'the first is off');
  assert.deepEqual(await page.evaluate(() => ({ ...localStorage })), { 'faceid-liveness.camera': 'second' });
  await end(page);
  const again = await begin(TWO, { context });
  assert.deepEqual(await labels(again), ['Camera two'], 'the next attempt takes it at once');
  assert.equal(await again.evaluate(() => globalThis.__asked), 1);
  await end(again);
  const page2 = await begin(TWO.slice(0, 1), { context });
  assert.deepEqual(await labels(page2), ['Camera one'], 'one that is gone is no obstacle');
  await end(page2);
  const told = await begin(TWO, { context, options: { cameraId: 'first' } });
  assert.deepEqual(await labels(told), ['Camera one'], 'the page’s word goes first');
  await end(told);
  await context.close();
});

test('a browser that keeps nothing lets the person choose all the same', async () => {
  const page = await begin(TWO, { prepare: () => Object.defineProperty(globalThis, 'localStorage', { get() { throw new DOMException('refused', 'SecurityError'); } }) });
  await choose(page, 'second');
  await changed(page);
  assert.deepEqual(await labels(page), ['Camera one', 'Camera two']);
  await end(page);
});

test('one camera, or only ones that face away beside it: nothing to choose', async () => {
  for (const cameras of [[{ id: 'a', label: 'Camera' }], [{ id: 'a', label: 'Front Camera' }, { id: 'b', label: 'Back Camera' }]]) {
    const page = await begin(cameras);
    assert.equal(await page.locator('faceid-liveness select').isVisible(), false);
    await end(page);
  }
});

test('cancelling in the middle of a change leaves no camera behind', async () => {
  const page = await begin(TWO);
  await page.evaluate(() => {
    const devices = navigator.mediaDevices;
    const asked = devices.getUserMedia;
    devices.getUserMedia = (c) => new Promise((resolve) => { globalThis.__allow = () => resolve(asked(c)); });
  });
  await choose(page, 'second');
  await page.waitForFunction(() => globalThis.__allow);
  await end(await late(page));
});

/** Ends the attempt while the second camera is asked for, then lets the answer come. */
async function late(page) {
  await page.evaluate(async () => {
    document.getElementById('liveness').cancel();
    globalThis.__allow();
    await new Promise((resolve) => setTimeout(resolve, 1000));
  });
  assert.equal(await page.evaluate(() => globalThis.__tracks.length), 2, 'the late answer did open the camera');
  return page;
}
