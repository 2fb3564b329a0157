/**
 * A real face before the real engine, and a cloud that fails after init: the session reaches its first commit (neutral frames) and must then end
 * properly. Needs FACEID_PORTRAITS (folder with grace_hopper.jpg), ffmpeg and models in dist; says so when they are missing.
 */
import { after, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { elementPage, live, reply, serve, sharedBrowser } from './harness.mjs';
import { fakeCloud } from '../../pkg-config/testkit/cloud.js';

const { FACEID_PORTRAITS: portraits } = process.env;
const skip = portraits ? false : 'no FACEID_PORTRAITS';
const browser = skip ? null : await sharedBrowser({ file: stillCamera() });

/** A film of one photograph, kept until the tests are over. With noise: a picture that stands still is a camera that has stopped. */
function stillCamera() {
  const folder = mkdtempSync(join(tmpdir(), 'faceid-'));
  after(() => rmSync(folder, { recursive: true }));
  const camera = join(folder, 'still.mjpeg');
  execFileSync('ffmpeg', ['-loglevel', 'error', '-loop', '1', '-i', join(portraits, 'grace_hopper.jpg'), '-vf', 'crop=480:360:23:60,scale=640:480,noise=alls=3:allf=t', '-t', '2', '-r', '20', '-pix_fmt', 'yuvj420p', '-q:v', '2', camera]);
  return camera;
}

async function attempt(faults, until = () => true) {
  const cloud = fakeCloud(faults);
  const server = await serve(cloud.routes);
  const page = await elementPage(browser, server);
  const pending = page.evaluate(() => document.getElementById('liveness').start({ bizToken: 'token' }));
  await until(page, cloud);
  const outcome = await pending;
  const on = await live(page);
  const [states, prompts] = await page.evaluate(() => [
    globalThis.__events.filter((e) => e.type === 'state').map((e) => e.state),
    globalThis.__events.filter((e) => e.type === 'prompt').map((e) => e.leftMs),
  ]);
  await page.close();
  await server.close();
  assert.equal(on, 0, 'no camera left running');
  return { outcome, states, prompts, calls: cloud.calls, told: cloud.told };
}

test('a connection cut while frames are uploaded ends with NETWORK_ERROR', { skip }, async () => {
  const { outcome, states, calls } = await attempt({ frames: (request) => void request.socket.destroy() });
  assert.equal(`${outcome.code} ${outcome.message}`, '56000 NETWORK_ERROR');
  assert.ok(states.includes('calibrate'), states.join(' '));
  assert.ok(calls.filter((c) => c === 'frames').length >= 4, 'tried four times; the browser itself may repeat a request on a cut connection');
});

test('a refused commit ends with the row the cloud sent', { skip }, async () => {
  const { outcome } = await attempt({ challenge: reply(403, '{"code":54200,"message":"USER_TIMEOUT"}') });
  assert.equal(`${outcome.code} ${outcome.message} ${outcome.fromServer}`, '54200 USER_TIMEOUT true');
});

test('neutral frames are committed and uploaded, the prompt comes, and a cancel is told to the cloud', { skip }, async () => {
  const { outcome, states, prompts, calls, told } = await attempt({}, async (page, cloud) => {
    await page.waitForFunction(() => globalThis.__events.some((e) => e.type === 'prompt'), undefined, { timeout: 60000 });
    while (cloud.calls.filter((c) => c === 'frames').length < 4) await new Promise((r) => setTimeout(r, 50));
    await page.evaluate(() => document.getElementById('liveness').cancel());
    while (!cloud.told.length) await new Promise((r) => setTimeout(r, 50));
  });
  assert.equal(outcome.message, 'USER_CANCEL');
  assert.deepEqual(told, [{ code: 56000, message: 'USER_CANCEL' }]);
  assert.ok(states.includes('act'), states.join(' '));
  assert.deepEqual(prompts, [20_000], 'the cloud’s time for an action');
  assert.ok(calls.indexOf('challenge') < calls.indexOf('frames'), 'committed before anything is uploaded');
});

test('a wasm trap in the page ends the session and turns the camera off', { skip }, async () => {
  const { outcome } = await attempt({}, async (page) => {
    await page.waitForFunction(() => globalThis.__events.some((e) => e.type === 'state' && e.state === 'calibrate'), undefined, { timeout: 60000 });
    // The module's own last resort, as its panic hook calls it.
    await page.evaluate(async () => (await import('/faceid/lib/errors.js')).reportPanic('test'));
  });
  assert.equal(`${outcome.code} ${outcome.message}`, '50000 UNKOWN_ERROR');
});
