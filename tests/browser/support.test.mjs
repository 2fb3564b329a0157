/** The support checker and the self-test page. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DIST, live, serve, sharedBrowser, sharedServer, watchPage } from './harness.mjs';

const { checkSupport, containerOf } = await import(pathToFileURL(join(DIST, 'faceid/lib/support.js')).href);
const browser = await sharedBrowser();
const server = await sharedServer();

test('every user agent of the fixtures is told from the others', async () => {
  const fixtures = JSON.parse(await readFile(new URL('webviews.json', import.meta.url), 'utf8'));
  for (const [id, agent] of fixtures) {
    const found = containerOf(agent);
    assert.equal(found?.id ?? null, id, agent);
    if (found) assert.match(found.remedy, /^[A-Z].*\.$/);
  }
  const known = new Set(fixtures.map(([id]) => id));
  const { WEBVIEWS } = await import(new URL('../../www/lib/webviews.js', import.meta.url).href);
  for (const [id] of WEBVIEWS) assert.ok(known.has(id), `${id} has a fixture`);
  assert.equal(containerOf('Mozilla/5.0 (Linux; Android 14; wv)', { Capacitor: {} }).id, 'capacitor');
});

test('a server is told that nothing is there, without an exception', () => {
  const { supported, missing, findings } = checkSupport();
  assert.equal(supported, false);
  assert.ok(missing.includes('camera') && missing.includes('secureContext'));
  assert.deepEqual(findings.map((f) => f.test).filter((name) => name !== 'simd'), missing);
});

/** A page in which something is missing. */
async function check(prepare, agent) {
  const page = await browser.newPage({ userAgent: agent });
  await page.addInitScript(watchPage);
  if (prepare) await page.addInitScript(prepare);
  await page.goto(`${server.url}/states.html?bare=1`);
  const found = await page.evaluate(async () => (await import('/faceid/lib/support.js')).checkSupport());
  const asked = await page.evaluate(() => globalThis.__constraints);
  await page.close();
  assert.equal(asked, undefined, 'the camera was not asked for');
  return found;
}

test('this Chromium has everything', async () => {
  const { supported, missing, findings } = await check();
  assert.deepEqual([supported, missing, findings], [true, [], []]);
});

for (const [name, script] of [
  ['wasm', 'delete globalThis.WebAssembly'],
  ['worker', 'delete globalThis.Worker'],
  ['customElements', "Object.defineProperty(globalThis, 'customElements', { value: undefined })"],
  ['camera', 'delete MediaDevices.prototype.getUserMedia; delete navigator.mediaDevices.getUserMedia'],
  ['webCrypto', "Object.defineProperty(Crypto.prototype, 'subtle', { value: undefined })"],
  ['secureContext', "Object.defineProperty(globalThis, 'isSecureContext', { value: false })"],
]) {
  test(`missing ${name} is a finding with a reason and a remedy`, async () => {
    const { supported, missing, findings } = await check(script);
    assert.equal(supported, false);
    assert.ok(missing.includes(name), missing.join());
    for (const { reason, remedy } of findings) assert.match(`${reason} ${remedy}`, /^[A-Z].*\. [A-Z].*\.$/);
  });
}

test('missing SIMD is a finding, not an end', async () => {
  const { supported, missing, findings } = await check('WebAssembly.validate = () => false');
  assert.deepEqual([supported, missing, findings.map((f) => f.test)], [true, [], ['simd']]);
});

test('an app without a camera gets its own remedy', async () => {
  const { findings, container } = await check('delete MediaDevices.prototype.getUserMedia; delete navigator.mediaDevices.getUserMedia', 'Mozilla/5.0 (Linux; U; Android 11) Chrome/100 UCBrowser/13.4.0.1306 Mobile');
  assert.equal(container.id, 'uc');
  assert.equal(findings.find((f) => f.test === 'camera').remedy, container.remedy);
});

test('a frame without allow="camera" is told so, one with it is not', async () => {
  const frames = await serve({ '/frames.html': (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>') }, { policy: null });
  const page = await browser.newPage();
  await page.goto(`${frames.url}/frames.html`);
  const foreign = `${server.url}/states.html?bare=1`;
  const results = await page.evaluate(async (src) => {
    for (const allow of ['', 'camera']) {
      const frame = Object.assign(document.createElement('iframe'), { src, allow });
      document.body.append(frame);
      await new Promise((resolve) => frame.addEventListener('load', resolve));
    }
  }, foreign);
  assert.equal(results, undefined);
  const seen = [];
  for (const frame of page.frames().slice(1)) seen.push(await frame.evaluate(async () => (await import('/faceid/lib/support.js')).checkSupport().tests.permissionsPolicy));
  assert.deepEqual(seen, [false, true]);
  await page.close();
  await frames.close();
});

test('with the camera: what it is, and it is off again; refusals by name', async () => {
  const page = await browser.newPage();
  await page.addInitScript(watchPage);
  await page.goto(`${server.url}/states.html?bare=1`);
  const run = (refuse) => page.evaluate(async (refuse) => {
    globalThis.__refuse = refuse;
    return (await import('/faceid/lib/support.js')).checkWithCamera();
  }, refuse);
  const good = await run('');
  assert.equal(good.ok, true);
  assert.ok(good.width > 0 && good.label, JSON.stringify(good));
  assert.equal(await live(page), 0);
  for (const [name, fault] of [['NotAllowedError', 'denied'], ['TrackStartError', 'busy'], ['DevicesNotFoundError', 'not_found'], ['TypeError', 'unsupported']]) {
    assert.equal((await run(name)).fault, fault, name);
  }
  await page.close();
});

test('the self-test page: findings, camera, engine, a report without a person in it', async () => {
  const page = await browser.newPage();
  const complaints = [];
  page.on('console', (m) => ['error', 'warning'].includes(m.type()) && complaints.push(m.text()));
  await page.addInitScript(watchPage);
  await page.goto(`${server.url}/check/`);
  await page.waitForSelector('[data-ready]');
  assert.equal(await page.locator('#tests li[data-ok=true]').count(), 8);
  await page.click('#try');
  await page.waitForSelector('#result[data-done]', { timeout: 40_000 });
  const report = JSON.parse(await page.textContent('#report'));
  assert.equal(report.camera.ok, true);
  assert.ok(report.engineMs > 0, JSON.stringify(report));
  assert.equal(report.supported, true);
  assert.equal(await live(page), 0);
  assert.deepEqual(complaints, []);
  await page.close();
});
