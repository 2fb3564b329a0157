/**
 * A tracked frame in one headless Chromium page: our engine, its landmark network alone, MediaPipe face_mesh and Human on the same picture,
 * alternately; and the engine's memory over ten minutes' frames. Prints one line of JSON.
 */
import { createServer } from 'node:http';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const { FACEID_DIST: dist, FACEID_PORTRAITS: portraits, FACEID_BENCH_BUILT: built, FACEID_CHROMIUM: executablePath = '/usr/bin/chromium' } = process.env;
const here = dirname(fileURLToPath(import.meta.url));
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm', '.json': 'application/json', '.png': 'image/png' };
const PLACES = { '/dist/': dist, '/peers/': join(here, 'node_modules'), '/portraits/': portraits, '/bench/': here, '/built/': built };

const server = createServer((request, response) => {
  const path = decodeURIComponent(new URL(request.url, 'http://x').pathname);
  if (path === '/') return response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>bench</title>');
  const place = Object.keys(PLACES).find((prefix) => path.startsWith(prefix));
  const file = place && join(PLACES[place], normalize(`/${path.slice(place.length)}`));
  if (!file || !existsSync(file)) return response.writeHead(404).end();
  return response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' }).end(readFileSync(file));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${server.address().port}`;

const args = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const browser = await chromium.launch({ executablePath, args });
try {
  const page = await browser.newPage();
  page.on('pageerror', (error) => console.error(`page: ${error.message}`));
  await page.goto(url);
  const measured = await page.evaluate(inPage, { warmUp: 20, rounds: 50, tenMinutes: 10 * 60 * 20 });
  console.log(JSON.stringify({ chromium: browser.version(), ...measured }));
} finally {
  await browser.close();
  server.close();
}

/** Runs in the page. */
async function inPage({ warmUp, rounds, tenMinutes }) {
  const bytes = async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer());
  const blob = await (await fetch('/portraits/astronaut.png')).blob();
  const bitmap = await createImageBitmap(blob);
  const canvas = Object.assign(document.createElement('canvas'), { width: 480, height: 360 });
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0, bitmap.width, bitmap.width * 0.75, 0, 0, 480, 360);
  const models = await Promise.all(['face_detector.net', 'face_landmark.net', 'canonical_face.json'].map((name) => bytes(`/dist/faceid/models/${name}`)));

  const load = async (folder) => {
    const { default: init, Engine } = await import(`/dist/faceid/lib/${folder}/faceid_liveness.js`);
    const { memory } = await init();
    return { engine: new Engine(...models), memory };
  };
  const [simd, plain] = [await load('engine'), await load('engine-plain')];
  let id = 0;
  const ours = ({ engine }) => () => {
    const rgba = new Uint8Array(context.getImageData(0, 0, 480, 360).data.buffer);
    id += 1;
    const data = engine.observe(id, id * 33, 480, 360, rgba, 480);
    if (data[4] !== 1) throw new Error('no face');
  };

  // What a tracked frame spends in its network: the same network, alone, in a binary of its own.
  const { default: initBench, Compact } = await import('/built/bench-simd/faceid_bench.js');
  await initBench();
  const alone = new Compact(models[1]);
  alone.set(Float32Array.from({ length: 3 * 192 * 192 }, (_, i) => ((7 * i) % 256) / 255));

  const script = (src) => new Promise((resolve, reject) => {
    document.head.append(Object.assign(document.createElement('script'), { src, onload: resolve, onerror: () => reject(new Error(src)) }));
  });
  await script('/peers/@mediapipe/face_mesh/face_mesh.js');
  const mesh = new globalThis.FaceMesh({ locateFile: (file) => `/peers/@mediapipe/face_mesh/${file}` });
  mesh.setOptions({ maxNumFaces: 1, refineLandmarks: false, selfieMode: false });
  let seen = 0;
  mesh.onResults((results) => { seen = results.multiFaceLandmarks?.[0]?.length ?? 0; });
  const mediapipe = async () => {
    await mesh.send({ image: canvas });
    if (!seen) throw new Error('MediaPipe sees no face');
  };

  const { Human } = await import('/peers/@vladmandic/human/dist/human.esm.js');
  const off = { enabled: false };
  const human = new Human({
    backend: 'wasm', wasmPath: '/peers/@tensorflow/tfjs-backend-wasm/dist/', modelBasePath: '/peers/@vladmandic/human/models/', debug: false, cacheSensitivity: 0,
    face: { enabled: true, detector: { rotation: false, maxDetected: 1 }, mesh: { enabled: true }, iris: off, emotion: off, description: off, antispoof: off, liveness: off },
    body: off, hand: off, gesture: off, object: off, segmentation: off, filter: off,
  });
  await human.load();
  const tracked = async () => {
    const result = await human.detect(canvas);
    if (!result.face[0]?.mesh?.length) throw new Error('Human sees no face');
  };

  const contenders = { ours: ours(simd), plain: ours(plain), network: () => alone.run(), mediapipe, human: tracked };
  const times = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  for (let round = 0; round < warmUp + rounds; round += 1) {
    for (const [name, run] of Object.entries(contenders)) {
      const begun = performance.now();
      await run();
      if (round >= warmUp) times[name].push(performance.now() - begun);
    }
  }
  const spread = (list) => {
    const sorted = list.sort((a, b) => a - b);
    return { min: sorted[0], median: sorted[sorted.length >> 1], p90: sorted[Math.floor(0.9 * (sorted.length - 1))] };
  };
  // Warm: the ring of frames is full, as after half a minute of a session.
  for (let more = 0; more < 400; more += 1) contenders.ours();
  const afterWarmUp = simd.memory.buffer.byteLength;
  for (let more = 0; more < tenMinutes; more += 1) {
    contenders.ours();
    // Chromium takes a page that never comes back for a hung one.
    if (more % 100 === 0) await new Promise((resolve) => setTimeout(resolve));
  }
  const backend = human.tf.getBackend();
  return {
    backend, frame: [480, 360], times: Object.fromEntries(Object.entries(times).map(([name, list]) => [name, spread(list)])),
    memory: { afterWarmUp, afterTenMinutes: simd.memory.buffer.byteLength },
  };
}
