/**
 * The engine in the browser, with the landmarks that the page reads, against the native build with all of them, on one portrait.
 * Needs FACEID_BIN (folder with the faceid-lab binary), FACEID_PORTRAITS (folder with astronaut.png) and models in dist; says so when they are missing.
 */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { launch, serve } from './harness.mjs';

const { FACEID_BIN: bin, FACEID_PORTRAITS: portraits } = process.env;
const lab = bin && join(bin, 'faceid-lab');
const HEADER = 26;
/** Whole networks, and which landmarks the page's places. */
const MODELS = new URL('../../models/', import.meta.url).pathname;
const IN_PAGE = JSON.parse(readFileSync(new URL('../../crates/vision/src/page_landmarks.json', import.meta.url), 'utf8'));
/** Float sums in another order through two networks; landmarks in px of a face 92 px wide, angles in degrees, the rest in its own unit. */
const TOLERANCE = { landmark: 0.05, angle: 0.1, share: 0.01 };

test('wasm and native agree on the portrait', { skip: lab && portraits ? false : 'no FACEID_BIN or FACEID_PORTRAITS' }, async () => {
  const file = join(portraits, 'astronaut.png');
  const env = { ...process.env, FACEID_MODELS: MODELS };
  const native = JSON.parse(execFileSync(lab, ['landmarks', '--json', file], { env, encoding: 'utf8', maxBuffer: 1 << 24 }).trim().split('\n').at(-1));
  const server = await serve({ '/astronaut.png': (_, response) => response.end(readFileSync(file)) });
  const browser = await launch();
  const page = await browser.newPage();
  await page.goto(`${server.url}/states.html?bare=1`);
  const { data, medianMs, plainDiffers } = await page.evaluate(async () => {
    const { default: init, Engine } = await import('/faceid/lib/engine/faceid_liveness.js');
    await init();
    const bytes = async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer());
    const models = ['face_detector.net', 'face_landmark.net', 'canonical_face.json'].map((name) => bytes(`/faceid/models/${name}`));
    const files = await Promise.all(models);
    const engine = new Engine(...files);
    const plain = await import('/faceid/lib/engine-plain/faceid_liveness.js');
    await plain.default();
    const scalar = new plain.Engine(...files);
    const blob = await (await fetch('/astronaut.png')).blob();
    const bitmap = await createImageBitmap(blob, { colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
    context.drawImage(bitmap, 0, 0);
    const rgba = new Uint8Array(context.getImageData(0, 0, bitmap.width, bitmap.height).data.buffer);
    const data = [...engine.observe(0, 0, bitmap.width, bitmap.height, rgba, 4096)];
    // Found, then followed.
    const plainDiffers = [data, [...engine.observe(0, 1, bitmap.width, bitmap.height, rgba, 4096)]]
      .map((wide, id) => [wide, [...scalar.observe(id, id, bitmap.width, bitmap.height, rgba, 4096)]])
      .flatMap(([wide, narrow]) => wide.filter((value, i) => !Object.is(value, narrow[i])).length);
    const times = [];
    for (let id = 1; id <= 15; id += 1) {
      const begun = performance.now();
      engine.observe(id, id * 40, bitmap.width, bitmap.height, rgba, 4096);
      times.push(performance.now() - begun);
    }
    return { data, plainDiffers, medianMs: times.sort((a, b) => a - b)[7] };
  });
  await browser.close();
  await server.close();

  assert.equal(data.length, HEADER + native.landmarks.flat().length);
  const placed = IN_PAGE.map((index) => [index, data.slice(HEADER + 3 * index, HEADER + 3 * index + 3)]);
  const unit = Math.hypot(...[0, 1].map((axis) => native.landmarks[33][axis] - native.landmarks[263][axis]));
  const beside = native.landmarks.map((point, index) => Math.hypot(...point.map((v, axis) => v - data[HEADER + 3 * index + axis])));
  assert.ok(Math.max(...beside) < 0.5 * unit, `a landmark that is not placed lies where its neighbour does: ${Math.max(...beside) / unit} outer eye distances away`);
  const apart = (a, b) => Math.max(...a.map((v, i) => Math.abs(v - b[i])));
  const landmark = Math.max(...placed.map(([index, point]) => apart(point, native.landmarks[index])));
  const angle = apart(data.slice(10, 13), [native.pose.yaw, native.pose.pitch, native.pose.roll]);
  const share = apart(data.slice(13, 16), [native.eyes.left, native.eyes.right, native.mouth]);
  const q = native.quality;
  const quality = apart([...data.slice(16, 21), ...data.slice(22, 26)], [q.luma, q.contrast, q.over_exposed, q.under_exposed, q.back_light, q.face_ratio, q.centre_offset, q.eyes_visible, q.mouth_visible]);
  console.log(`largest differences: landmarks ${landmark.toExponential(2)} px, angles ${angle.toExponential(2)} degrees, eyes and mouth ${share.toExponential(2)}, quality ${quality.toExponential(2)}; tracked frame ${medianMs.toFixed(1)} ms`);
  assert.deepEqual(plainDiffers, [0, 0], 'the binary without SIMD gives the same bits');
  assert.ok(landmark <= TOLERANCE.landmark, `landmarks ${landmark}`);
  assert.ok(angle <= TOLERANCE.angle, `angles ${angle}`);
  assert.ok(share <= TOLERANCE.share && quality <= TOLERANCE.share, `eyes and mouth ${share}, quality ${quality}`);
});
