/** Every camera refusal ends with its code, the help text of its fault, and no live track. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { elementPage, happened, live, sharedBrowser, sharedServer } from './harness.mjs';
import { fakeCloud } from '../../pkg-config/testkit/cloud.js';

const faults = {};
const cloud = fakeCloud(faults);
const browser = await sharedBrowser();
const server = await sharedServer(cloud.routes);

/** A page with the bare element; `prepare` runs in it before the start. */
async function run(prepare, options = {}) {
  const page = await elementPage(browser, server);
  if (prepare) await page.evaluate(prepare);
  const outcome = await page.evaluate(({ options }) => document.getElementById('liveness').start({ bizToken: 'token', ...options }), { options });
  return { page, outcome };
}

/** What the cloud heard of the page's own ending; the page lives until it was told. */
async function told() {
  for (let i = 0; i < 100 && !cloud.told.length; i += 1) await new Promise((r) => setTimeout(r, 50));
  return cloud.told.splice(0);
}

const shown = (page) => page.evaluate(() => document.getElementById('liveness').shadowRoot.querySelector('.sentence').textContent);

const REFUSALS = [
  ['NotAllowedError', 'NO_CAMERA_PERMISSION', /Allow the camera/],
  ['SecurityError', 'NO_CAMERA_PERMISSION', /Allow the camera/],
  ['NotFoundError', 'DEVICE_NOT_SUPPORT', /Connect a camera/],
  ['NotReadableError', 'DEVICE_NOT_SUPPORT', /Close other programs/],
  ['AbortError', 'DEVICE_NOT_SUPPORT', /Close other programs/],
  ['OverconstrainedError', 'DEVICE_NOT_SUPPORT', /another camera/],
  ['TypeError', 'DEVICE_NOT_SUPPORT', /up-to-date browser/],
  ['NotSupportedError', 'DEVICE_NOT_SUPPORT', /up-to-date browser/],
];
for (const [name, message, help] of REFUSALS) {
  test(`${name} ends with ${message}`, async () => {
    const { page, outcome } = await run(`globalThis.__refuse = '${name}'`);
    assert.equal(outcome.code, 56000);
    assert.equal(outcome.message, message);
    assert.match(await shown(page), help);
    assert.equal(await live(page), 0);
    const constraints = await page.evaluate(() => globalThis.__constraints);
    assert.equal(constraints.audio, false);
    assert.equal(constraints.video.facingMode.ideal, 'user');
    assert.deepEqual(await told(), [{ code: 56000, message }]);
    await page.close();
  });
}

test('an insecure page without mediaDevices is told so', async () => {
  const { page, outcome } = await run("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })");
  assert.equal(outcome.message, 'DEVICE_NOT_SUPPORT');
  assert.match(await shown(page), /up-to-date browser/);
  await page.close();
});

test('a camera chosen before that is gone falls back to any front camera', async () => {
  const { page } = await runUntilCamera({ cameraId: 'gone' });
  assert.equal(await live(page), 1);
  await end(page);
});

test('unplugging ends the session', async () => {
  const { page, outcome } = await runUntilCamera();
  await page.evaluate(() => {
    const [track] = globalThis.__tracks;
    track.stop();
    track.dispatchEvent(new Event('ended'));
  });
  assert.equal((await outcome).message, 'DEVICE_NOT_SUPPORT');
  assert.match(await shown(page), /disconnected/);
  assert.equal(await live(page), 0);
  await page.close();
});

test('cancelling turns the camera off and tells the cloud', async () => {
  const { page, outcome } = await runUntilCamera();
  cloud.told.length = 0;
  await page.click('faceid-liveness .cancel');
  const { code, message, fromServer } = await outcome;
  assert.deepEqual({ code, message, fromServer }, { code: 56000, message: 'USER_CANCEL', fromServer: false });
  assert.equal(await live(page), 0);
  assert.deepEqual(cloud.told, [{ code: 56000, message: 'USER_CANCEL' }], 'the cloud knows when the page does');
  await page.close();
});

test('a cloud that does not take the farewell delays the end by a second, not the camera', async () => {
  const { page, outcome } = await runUntilCamera();
  let open;
  faults.cancel = () => new Promise((resolve) => { open = resolve; });
  await page.click('faceid-liveness .cancel');
  assert.equal(await live(page), 0, 'off at once');
  const patience = new Promise((resolve) => { setTimeout(resolve, 5000, { message: 'no end within 5 s' }); });
  assert.equal((await Promise.race([outcome, patience])).message, 'USER_CANCEL');
  delete faults.cancel;
  assert.ok(open, 'the cloud was told');
  open(true);
  await page.close();
});

test('cancelling while the permission question is open leaves no camera behind', async () => {
  const page = await elementPage(browser, server);
  await page.evaluate(() => {
    const asked = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = (c) => new Promise((resolve) => { globalThis.__allow = () => resolve(asked(c)); });
    globalThis.__outcome = document.getElementById('liveness').start({ bizToken: 'token' });
  });
  await page.waitForFunction(() => globalThis.__allow);
  await page.evaluate(() => document.getElementById('liveness').cancel());
  assert.equal((await page.evaluate(() => globalThis.__outcome)).message, 'USER_CANCEL');
  await page.evaluate(async () => {
    globalThis.__allow();
    await new Promise((resolve) => setTimeout(resolve, 1500));
  });
  assert.equal(await page.evaluate(() => globalThis.__tracks.length), 1, 'the late answer did open the camera');
  assert.equal(await live(page), 0);
  await page.close();
});

test('taking the element out of the page turns the camera off', async () => {
  const { page, outcome } = await runUntilCamera();
  await page.evaluate(() => document.getElementById('liveness').remove());
  assert.equal((await outcome).message, 'USER_CANCEL');
  assert.equal(await live(page), 0);
  await page.close();
});

test('a page hidden for too long ends the session', async () => {
  const { page, outcome } = await runUntilCamera();
  await page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { get: () => true });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  const { message } = await outcome;
  assert.equal(message, 'LIVENESS_DETECT_FAILED');
  assert.equal(await live(page), 0);
  await page.close();
});

/** Starts and waits for the first camera frame. */
async function runUntilCamera(options = {}) {
  const page = await elementPage(browser, server);
  const outcome = page.evaluate((options) => document.getElementById('liveness').start({ bizToken: 'token', ...options }), options);
  await happened(page, 'camera');
  return { page, outcome };
}

async function end(page) {
  await page.evaluate(() => document.getElementById('liveness').cancel());
  assert.equal(await live(page), 0);
  await page.close();
}
