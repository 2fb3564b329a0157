/**
 * The page in Firefox and WebKit, with drawn cameras: it finds itself supported, opens a camera, loads its engine, ends, and leaves no camera on.
 * `FACEID_ENGINES` holds the drivers as JSON: `[{name, command, args, capabilities, skip}]`; `{port}` in `args` is filled in, and `skip`
 * says which command failed. `cargo xtask package --engines` sets it.
 */
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DIST, serve, watchPage } from '../browser/harness.mjs';
import { fakeCameras } from '../browser/cameras.mjs';
import { fakeCloud } from '../../pkg-config/testkit/cloud.js';
import { open } from './webdriver.mjs';

const ENGINES = JSON.parse(process.env.FACEID_ENGINES ?? '[]');
const LIST = [{ id: 'a', label: 'Grey camera', scene: 'grey' }, { id: 'b', label: 'Camera' }];
const SHIM = `(${fakeCameras})(${JSON.stringify(LIST)});(${watchPage})();addEventListener('cameras', (e) => globalThis.__events.push(e.detail), true);`;

let server;
before(async () => {
  const page = (await readFile(join(DIST, 'states.html'), 'utf8')).replace('<script', '<script src="/shim.js"></script><script');
  server = await serve({
    ...fakeCloud().routes,
    '/engine.html': (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(page),
    '/shim.js': (_, response) => response.writeHead(200, { 'content-type': 'text/javascript' }).end(SHIM),
  });
});
after(() => server?.close());

test('there is an engine to try', () => assert.ok(ENGINES.length > 0, 'FACEID_ENGINES is empty'));

for (const { name, args, skip, ...rest } of ENGINES) {
  test(name, { skip: skip || false, timeout: 600_000 }, async (t) => {
    const page = await open({ ...rest, args: (port) => args.map((arg) => arg.replace('{port}', port)) });
    console.log(`${name}: ${page.name}`);
    try {
      for (const [title, act] of CASES) await t.test(title, () => act(page));
    } finally {
      await page.close();
    }
  });
}

const live = (page) => page.ask(() => window.__live());
const outcome = (page) => page.until(() => window.__outcome);

/** A fresh page, and an attempt in it. */
async function begin(page, prepare) {
  await page.goto(`${server.url}/engine.html?bare=1&state=idle&lang=en`);
  await page.until(() => document.body?.dataset.ready);
  if (prepare) await page.ask(prepare);
  await page.ask(() => {
    window.__outcome = null;
    document.getElementById('liveness').start({ bizToken: 'token' }).then((end) => { window.__outcome = end; });
  });
}

const seen = (page, type) => page.until((type) => window.__events.some((e) => e.type === type) || window.__outcome?.message, 120_000, type);

const CASES = [
  ['finds itself supported', async (page) => {
    await page.goto(`${server.url}/engine.html?bare=1&state=idle&lang=en`);
    await page.until(() => document.body?.dataset.ready);
    await page.ask(() => {
      window.__support = null;
      import('/faceid/lib/support.js').then(({ checkSupport }) => { window.__support = checkSupport(); });
    });
    const { supported, missing } = await page.until(() => window.__support);
    assert.deepEqual([supported, missing], [true, []]);
  }],
  ['chooses the camera with colours, loads its engine, and cancels', async (page) => {
    await begin(page);
    assert.equal(await seen(page, 'camera'), true);
    assert.equal(await page.ask(() => window.__events.find((e) => e.type === 'camera').label), 'Camera');
    assert.equal(await seen(page, 'engine-ready'), true);
    assert.equal(await live(page), 1);
    await page.ask(() => document.getElementById('liveness').cancel());
    assert.equal((await outcome(page)).message, 'USER_CANCEL');
    assert.equal(await live(page), 0);
  }],
  ['a refusal ends with its code', async (page) => {
    await begin(page, () => { window.__refuse = 'NotAllowedError'; });
    assert.equal((await outcome(page)).message, 'NO_CAMERA_PERMISSION');
    assert.equal(await live(page), 0);
  }],
  ['a camera that freezes ends with its code', async (page) => {
    await begin(page);
    assert.equal(await seen(page, 'camera'), true);
    await page.ask(() => { window.__cameras.b.scene = 'still'; });
    assert.equal((await outcome(page)).message, 'DEVICE_NOT_SUPPORT');
    assert.equal(await live(page), 0);
  }],
];
