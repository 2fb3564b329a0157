/** Pictures that stand still, stay black or stay turned, and a browser that wants a tap: each with its hint or its end, and no camera left on. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { elementPage, happened, live, sharedBrowser, sharedServer } from './harness.mjs';
import { fakeCameras } from './cameras.mjs';
import { fakeCloud } from '../../pkg-config/testkit/cloud.js';

const browser = await sharedBrowser();
const server = await sharedServer(fakeCloud().routes);

const PATIENCE = { timeout: 45_000 };
const sentence = (page) => page.evaluate(() => document.getElementById('liveness').shadowRoot.querySelector('.sentence').textContent);

async function begin(camera, prepare) {
  const page = await elementPage(browser, server, {
    prepare: async (page) => {
      await page.addInitScript(fakeCameras, [{ id: 'only', label: 'Camera', ...camera }]);
      if (prepare) await page.addInitScript(prepare);
    },
  });
  await page.evaluate(() => {
    globalThis.__outcome = document.getElementById('liveness').start({ bizToken: 'token' });
  });
  return page;
}

/** How the attempt ended by itself. */
async function stalled(page) {
  const end = await page.evaluate(() => globalThis.__outcome);
  assert.deepEqual([end.code, end.message], [56000, 'DEVICE_NOT_SUPPORT']);
  assert.match(await sentence(page), /stopped sending pictures/);
  assert.equal(await page.evaluate(() => globalThis.__events.find((e) => e.type === 'camera-fault').fault), 'stalled');
  assert.equal(await live(page), 0);
  await page.close();
}

test('frames that are all the same are a camera that has stopped', async () => {
  const page = await begin({ scene: 'still' });
  await happened(page, 'camera');
  await stalled(page);
});

test('a camera that freezes in the middle', async () => {
  const page = await begin({});
  await happened(page, 'camera');
  await page.waitForTimeout(6000);
  assert.equal(await live(page), 1, 'moving pictures go on');
  await page.evaluate(() => { globalThis.__cameras.only.scene = 'still'; });
  await stalled(page);
});

test('a black picture is told to the person, and ends when nobody uncovers the camera', async () => {
  const page = await begin({ scene: 'black' });
  await page.waitForFunction(() => globalThis.__events.some((e) => e.type === 'guidance' && e.guidance === 'lens_covered') || globalThis.__events.some((e) => e.type === 'closed'), undefined, PATIENCE);
  const shown = await page.evaluate(() => document.getElementById('liveness').shadowRoot.querySelector('.guide').textContent);
  assert.equal(shown, 'The picture is black, uncover the camera');
  await stalled(page);
});

test('a camera that goes black in the middle', async () => {
  const page = await begin({});
  await happened(page, 'camera');
  await page.waitForTimeout(1500);
  await page.evaluate(() => { globalThis.__cameras.only.scene = 'black'; });
  await stalled(page);
});

test('a picture that stays turned is opened anew, once, and the attempt goes on', async () => {
  const page = await begin({});
  await happened(page, 'camera');
  await page.waitForTimeout(800);
  await page.evaluate(() => Object.assign(globalThis.__cameras.only, { width: 480, height: 640 }));
  await page.waitForFunction(() => globalThis.__asked === 2 && globalThis.__events.filter((e) => e.type === 'camera').length === 2, undefined, PATIENCE);
  await page.waitForTimeout(3000);
  assert.equal(await page.evaluate(() => globalThis.__asked), 2, 'a camera that is like this is left alone');
  assert.equal(await live(page), 1);
  await page.evaluate(() => document.getElementById('liveness').cancel());
  assert.equal((await page.evaluate(() => globalThis.__outcome)).message, 'USER_CANCEL');
  await page.close();
});

test('a picture that turns with the screen is right', async () => {
  const page = await begin({}, () => {
    const orientation = { type: 'landscape-primary' };
    Object.defineProperty(screen, 'orientation', { value: orientation });
    globalThis.__turn = () => { orientation.type = 'portrait-primary'; };
  });
  await happened(page, 'camera');
  await page.waitForTimeout(800);
  await page.evaluate(() => {
    globalThis.__turn();
    Object.assign(globalThis.__cameras.only, { width: 480, height: 640 });
  });
  await page.waitForTimeout(3000);
  assert.equal(await page.evaluate(() => globalThis.__asked), 1);
  assert.equal(await live(page), 1);
  await page.close();
});

test('a browser that wants a tap may wait for it longer than a silent camera', async () => {
  const page = await begin({}, () => {
    const { play } = HTMLMediaElement.prototype;
    globalThis.__refusePlay = true;
    HTMLMediaElement.prototype.play = function () {
      return globalThis.__refusePlay ? Promise.reject(new DOMException('low power', 'NotAllowedError')) : play.call(this);
    };
  });
  await page.waitForFunction(() => /Tap/.test(document.getElementById('liveness').shadowRoot.querySelector('.prompt').textContent), undefined, PATIENCE);
  await page.waitForTimeout(7000);
  assert.equal(await live(page), 1, 'still waiting');
  await page.evaluate(() => { globalThis.__refusePlay = false; });
  await page.click('faceid-liveness [part=button]');
  await happened(page, 'camera');
  await page.close();
});
