/** Everything that can go wrong before and around the camera: tokens, files, network. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DIST, elementPage, live, refusal, reply, serve, sharedBrowser } from './harness.mjs';
import { fakeCloud } from '../../pkg-config/testkit/cloud.js';

const browser = await sharedBrowser();

/** One attempt against a cloud and a file server with faults; returns what the page saw. */
async function attempt({ faults = {}, routes = {}, options = {}, prepare = '' } = {}) {
  const cloud = fakeCloud(faults);
  const server = await serve({ ...cloud.routes, ...routes });
  const problems = [];
  const page = await elementPage(browser, server, { prepare: (page) => void page.on('console', (m) => problems.push(m.text())) });
  await page.evaluate(prepare);
  const outcome = await page.evaluate((o) => document.getElementById('liveness').start({ bizToken: 'token', ...o }), options);
  const on = await live(page);
  const seen = { outcome, problems: problems.join('\n'), calls: cloud.calls };
  await page.close();
  await server.close();
  assert.equal(on, 0, 'no camera left running');
  return seen;
}

test('a refused token ends with the row the cloud sent', async () => {
  const { outcome, calls } = await attempt({ faults: { init: refusal } });
  assert.equal(outcome.code, 54200);
  assert.equal(outcome.message, 'BIZ_TOKEN_DENIED');
  assert.deepEqual(calls, ['init'], 'a refusal is not retried');
});

test('illegal settings end before any call', async () => {
  for (const options of [{ bizToken: '' }, { bizToken: 'a b' }, { server: 'ftp://x' }, { excludedActions: ['nod', 'shake', 'blink', 'mouth'] }, { excludedActions: ['wink'] }]) {
    const { outcome, calls } = await attempt({ options });
    assert.equal(`${outcome.code} ${outcome.message}`, '56000 ILLEGAL_PARAMETER', JSON.stringify(options));
    assert.deepEqual(calls, []);
  }
});

test('a cloud that fails for a moment is asked again with the same bytes', async () => {
  const bodies = [];
  const { outcome, calls } = await attempt({
    faults: {
      init: (_, response, body) => {
        bodies.push(body.toString());
        if (bodies.length > 2) return false;
        return void response.writeHead(503).end();
      },
    },
    prepare: "globalThis.__refuse = 'NotAllowedError'",
  });
  assert.equal(calls.filter((c) => c === 'init').length, 3);
  assert.equal(new Set(bodies).size, 1);
  assert.equal(outcome.message, 'NO_CAMERA_PERMISSION', 'init went through, the camera ended it');
});

test('a cloud that is down for good ends with its HTTP twin', async () => {
  const { outcome, calls } = await attempt({ faults: { init: reply(500, 'oops') } });
  assert.equal(`${outcome.code} ${outcome.message}`, '50500 INTERNAL_ERROR');
  assert.equal(calls.length, 4, 'first try and three more');
});

test('a connection cut in the middle ends with NETWORK_ERROR', async () => {
  const { outcome } = await attempt({ faults: { init: (request) => void request.socket.destroy() } });
  assert.equal(`${outcome.code} ${outcome.message}`, '56000 NETWORK_ERROR');
});

test('a reply with a wrong MAC is no reply', async () => {
  const { outcome } = await attempt({ faults: { init: reply(200, JSON.stringify({
    session_id: 's', server_pub: 'BGsX0fLhLEJH+Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT+NC4v4af5uO5+tKfA+eFivOM1drMV7Oy7ZAaDe/UfU=', server_nonce: '00', expires_at: 1, server_time: 1,
    config: { action_count: 1, timeout_ms: 1, action_timeout_ms: 1, evidence_max_side: 480, evidence_quality: 80, frame_max_bytes: 1, total_max_bytes: 1, wrong_action: 'ignore' },
  })) } });
  assert.equal(outcome.message, 'NETWORK_ERROR');
});

for (const [name, handler] of [
  ['missing', reply(404, '')],
  ['corrupt', (_, response) => void response.writeHead(200).end(Buffer.alloc(4096, 7))],
  ['replaced by the index page', (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>app</title>')],
]) {
  for (const file of ['face_detector.net', 'face_landmark.net', 'canonical_face.json']) {
    test(`${file} ${name}: FACE_INIT_FAIL`, async () => {
      const { outcome, problems } = await attempt({ routes: { [`/faceid/models/${file}`]: handler } });
      assert.equal(`${outcome.code} ${outcome.message}`, '56000 FACE_INIT_FAIL');
      assert.match(problems, name === 'missing' ? /asset-missing.*404/ : name === 'corrupt' ? /asset-corrupt.*not the file that this version/ : /asset-is-html/);
    });
  }
}

test('the engine binary replaced by the index page says so', async () => {
  const { outcome, problems } = await attempt({ routes: { '/faceid/lib/engine/faceid_liveness_bg.wasm': reply(200, '<!doctype html>') } });
  assert.equal(outcome.message, 'FACE_INIT_FAIL');
  assert.match(problems, /is an HTML page/);
});

test('the engine binary cut short: FACE_INIT_FAIL', async () => {
  const half = (await readFile(join(DIST, 'faceid/lib/engine/faceid_liveness_bg.wasm'))).subarray(0, 100000);
  const { outcome, problems } = await attempt({ routes: { '/faceid/lib/engine/faceid_liveness_bg.wasm': (_, response) => void response.writeHead(200).end(half) } });
  assert.equal(`${outcome.code} ${outcome.message}`, '56000 FACE_INIT_FAIL');
  assert.match(problems, /asset-corrupt.*not the file that this version/);
});

test('the shell binary missing: INIT_FAILED, and nothing was asked of the cloud', async () => {
  const { outcome, calls } = await attempt({ routes: { '/faceid/lib/shell/faceid_liveness_bg.wasm': reply(404, '') } });
  assert.equal(`${outcome.code} ${outcome.message}`, '56000 INIT_FAILED');
  assert.deepEqual(calls, []);
});

test('a worker script that does not load: FACE_INIT_FAIL', async () => {
  const { outcome } = await attempt({ routes: { '/faceid/lib/worker.js': reply(404, '') } });
  assert.equal(outcome.message, 'FACE_INIT_FAIL');
});

test('a worker that never answers is given up on', async () => {
  const { outcome } = await attempt({
    routes: { '/faceid/models/face_detector.net': () => new Promise(() => {}) },
    options: { engineTimeoutMs: 1500 },
  });
  assert.equal(outcome.message, 'FACE_INIT_FAIL');
});
