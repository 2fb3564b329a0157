/** Both SDK shapes, every member. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { elementPage, live, refusal, serve, sharedBrowser } from './harness.mjs';
import { fakeCloud } from '../../pkg-config/testkit/cloud.js';

const browser = await sharedBrowser();

/** A page with the module as `globalThis.sdk`. */
async function open(faults = {}) {
  const server = await serve(fakeCloud(faults).routes);
  const page = await elementPage(browser, server, { query: '' });
  await page.evaluate(async () => {
    globalThis.sdk = await import('/faceid/lib/index.js');
  });
  const close = async () => {
    assert.equal(await live(page), 0);
    await page.close();
    await server.close();
  };
  return { page, close };
}

const denied = { init: refusal };

test('getInstance gives one instance', async () => {
  const { page, close } = await open();
  assert.equal(await page.evaluate(() => sdk.FaceIdManager.getInstance({}) === sdk.FaceIdManager.getInstance()), true);
  await close();
});

test('getSdkVersion and getSdkBuildInfo of both shapes', async () => {
  const { page, close } = await open();
  const [a, b, c, d] = await page.evaluate(() => {
    const android = sdk.FaceIdManager.getInstance();
    return [android.getSdkVersion(), android.getSdkBuildInfo(), sdk.MGFaceIDDetectManager.getSdkVersion(), sdk.MGFaceIDDetectManager.getSdkBuildInfo()];
  });
  assert.match(a, /^\d+\.\d+\.\d+$/);
  assert.equal(b, `faceid-liveness ${a} (dev)`);
  assert.deepEqual([c, d], [a, b]);
  await close();
});

test('init success, then startDetect reports through the detect listener', async () => {
  const { page, close } = await open();
  await page.evaluate(() => new Promise((resolve, reject) => {
    const manager = sdk.FaceIdManager.getInstance().configure({ lang: 'en' });
    manager.setFaceIdInitListener({ onSuccess: resolve, onFailed: (c, m) => reject(new Error(`${c} ${m}`)) });
    manager.init('token');
  }));
  const outcome = page.evaluate(() => new Promise((resolve) => {
    const manager = sdk.FaceIdManager.getInstance();
    manager.setFaceIdDetectListener({ onSuccess: () => resolve('success'), onFailed: (code, message) => resolve([code, message]) });
    manager.startDetect();
  }));
  await page.waitForSelector('dialog[open] faceid-liveness');
  await page.keyboard.press('Escape');
  assert.deepEqual(await outcome, [56000, 'USER_CANCEL']);
  await page.waitForSelector('dialog', { state: 'detached' });
  await close();
});

test('init failure goes to the init listener', async () => {
  const { page, close } = await open(denied);
  const failed = await page.evaluate(() => new Promise((resolve) => {
    const manager = sdk.FaceIdManager.getInstance();
    manager.setFaceIdInitListener({ onSuccess: () => resolve('success'), onFailed: (code, message) => resolve([code, message]) });
    manager.init('used');
  }));
  assert.deepEqual(failed, [54200, 'BIZ_TOKEN_DENIED']);
  await close();
});

test('startDetect without a successful init answers ILLEGAL_PARAMETER', async () => {
  const { page, close } = await open();
  const both = await page.evaluate(async () => {
    const android = await new Promise((resolve) => {
      const manager = sdk.FaceIdManager.getInstance();
      manager.setFaceIdDetectListener({ onFailed: (code, message) => resolve([code, message]) });
      manager.startDetect();
    });
    const { manager } = sdk.MGFaceIDDetectManager.initFaceIdManagerWithToken('');
    const ios = await new Promise((resolve) => manager.startDetect(document.body, (code, message) => resolve([code, message])));
    return [android, ios];
  });
  assert.deepEqual(both, [[56000, 'ILLEGAL_PARAMETER'], [56000, 'ILLEGAL_PARAMETER']]);
  await close();
});

test('the iOS shape: error null on a good token, the error object on a bad one', async () => {
  const { page, close } = await open(denied);
  const seen = await page.evaluate(() => {
    const bad = sdk.MGFaceIDDetectManager.initFaceIdManagerWithToken('a b').error;
    const good = sdk.MGFaceIDDetectManager.initFaceIdManagerWithToken('token').error;
    return { bad: { code: bad.code, message: bad.message, blame: bad.blame, retryable: bad.retryable, isError: bad instanceof Error }, good };
  });
  assert.deepEqual(seen, { bad: { code: 56000, message: 'ILLEGAL_PARAMETER', blame: 'integrator', retryable: false, isError: true }, good: null });
  await close();
});

test('the iOS shape: startDetect reports the code, and needs a new initialiser each time', async () => {
  const { page, close } = await open(denied);
  const codes = await page.evaluate(async () => {
    const { manager } = sdk.MGFaceIDDetectManager.initFaceIdManagerWithToken('token');
    const run = () => new Promise((resolve) => manager.startDetect(document.body, (code, message) => resolve([code, message])));
    return [await run(), await run()];
  });
  assert.deepEqual(codes, [[54200, 'BIZ_TOKEN_DENIED'], [56000, 'ILLEGAL_PARAMETER']]);
  await close();
});
