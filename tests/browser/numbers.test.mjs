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
  assert.deepEqual([landmark, angle, share, quality], [0, 0, 0, 0], 'the server sees the same bits');
});

test('both binaries give the same bits where a face reaches over the edges, drawn and from planes', { skip: portraits ? false : 'no FACEID_PORTRAITS' }, async () => {
  const server = await serve({ '/astronaut.png': (_, response) => response.end(readFileSync(join(portraits, 'astronaut.png'))) });
  const browser = await launch();
  const page = await browser.newPage();
  await page.goto(`${server.url}/states.html?bare=1`);
  const { over, faces, differ, files } = await page.evaluate(async () => {
    const bytes = async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer());
    const models = await Promise.all(['face_detector.net', 'face_landmark.net', 'canonical_face.json'].map((name) => bytes(`/faceid/models/${name}`)));
    const [wide, narrow] = await Promise.all(['engine', 'engine-plain'].map(async (folder) => {
      const { default: init, Engine } = await import(`/faceid/lib/${folder}/faceid_liveness.js`);
      const { memory } = await init();
      return { engine: new Engine(...models), memory };
    }));
    const bitmap = await createImageBitmap(await (await fetch('/astronaut.png')).blob());
    const [width, height] = [321, 241];
    const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
    const found = { over: 0, faces: 0, differ: 0, files: 0 };
    let id = 0;
    const compare = (judge) => {
      id += 1;
      const [a, b] = [wide, narrow].map((one) => judge(one, id));
      found.differ += a.length === b.length ? a.filter((value, i) => !Object.is(value, b[i])).length : a.length;
      if (a[4] !== 1) return;
      const [x, y, w, h] = a.slice(5, 9);
      found.faces += 1;
      // The network's square is half as large again as the box.
      const reach = 0.75 * Math.max(w, h);
      found.over += Number(x + w / 2 < reach || y + h / 2 < reach || x + w / 2 + reach > a[0] || y + h / 2 + reach > a[1]);
    };
    // The middle of the face at several places of a picture that it nearly fills; twice each, found and followed.
    for (const [x, y, scale, turn] of [[160, 120, 1, 0], [160, 120, 1.6, 0.2], [110, 100, 1.4, 0], [220, 150, 1.4, -0.3], [160, 90, 1.7, 0.5], [160, 160, 1.7, 0]]) {
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.fillRect(0, 0, width, height);
      context.translate(x, y);
      context.rotate(turn);
      context.drawImage(bitmap, -224 * scale, -122 * scale, bitmap.width * scale, bitmap.height * scale);
      const rgba = new Uint8Array(context.getImageData(0, 0, width, height).data.buffer);
      for (let twice = 0; twice < 2; twice += 1) compare(({ engine }, id) => engine.observe(id, id * 40, width, height, rgba, 480));
      // Its brightness as a camera's frame, made small by more than two.
      const [large, half] = [[2 * width + 101, 2 * height + 77], [width + 51, height + 39]];
      const plane = Uint8Array.from({ length: large[0] * large[1] + 2 * half[0] * half[1] }, (_, i) => {
        if (i >= large[0] * large[1]) return 128;
        const [px, py] = [Math.floor(((i % large[0]) * width) / large[0]), Math.floor((Math.floor(i / large[0]) * height) / large[1])];
        return 16 + 0.85 * rgba[4 * (py * width + px) + 1];
      });
      const rows = Uint32Array.from([0, large[0], large[0] * large[1], half[0], large[0] * large[1] + half[0] * half[1], half[0]]);
      for (let twice = 0; twice < 2; twice += 1) {
        compare(({ engine, memory }, id) => {
          const at = engine.planesAt(plane.length);
          new Uint8Array(memory.buffer, at, plane.length).set(plane);
          return engine.observePlanes(id, id * 40, large[0], large[1], rows, false, false, 240);
        });
        const [a, b] = [wide, narrow].map(({ engine }) => engine.encode(Float64Array.of(id), 95)[0]);
        found.files += Number(a.length === b.length && a.every((value, i) => value === b[i]));
      }
    }
    return found;
  });
  await browser.close();
  await server.close();
  console.log(`faces found ${faces} of 24, over the edge ${over}`);
  assert.ok(faces >= 16 && over >= 8, `faces ${faces}, over the edge ${over}`);
  assert.equal(differ, 0);
  assert.equal(files, 12, 'the same pictures kept');
});
