/**
 * A tracked frame in one headless Chromium page: our engine, its landmark network alone, MediaPipe face_mesh and Human on the same picture,
 * alternately; and the engine's memory with a full ring, after a session's evidence and over ten minutes' frames. Prints one line of JSON.
 * `--quick`: without the peers and the ten minutes.
 */
import { inChromium } from './serve.mjs';

const quick = process.argv.includes('--quick');
console.log(JSON.stringify(await inChromium(inPage, { quick, warmUp: 20, rounds: 50, tenMinutes: quick ? 0 : 10 * 60 * 20 })));

/** Runs in the page. */
async function inPage({ quick, warmUp, rounds, tenMinutes }) {
  const bytes = async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer());
  const blob = await (await fetch('/portraits/astronaut.png')).blob();
  const bitmap = await createImageBitmap(blob);
  const canvas = Object.assign(document.createElement('canvas'), { width: 480, height: 360 });
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0, bitmap.width, bitmap.width * 0.75, 0, 0, 480, 360);
  const models = await Promise.all(['face_detector.net', 'face_landmark.net', 'canonical_face.json'].map((name) => bytes(`/dist/faceid/models/${name}`)));

  const load = async (folder, again = '') => {
    const { default: init, Engine } = await import(`/dist/faceid/lib/${folder}/faceid_liveness.js${again}`);
    const { memory } = await init();
    return { engine: new Engine(...models), memory };
  };
  const [simd, plain] = [await load('engine'), await load('engine-plain')];
  // Binaries of their own for the camera's frames, which the first one's memory shall not count.
  const [inPlanes, asDrawn] = [await load('engine', '?planes'), (await load('engine', '?drawn')).engine];
  let id = 0;
  const read = () => new Uint8Array(context.getImageData(0, 0, 480, 360).data.buffer);
  const ours = ({ engine }) => () => {
    const rgba = read();
    id += 1;
    const data = engine.observe(id, id * 33, 480, 360, rgba, 480);
    if (data[4] !== 1) throw new Error('no face');
  };

  // The same picture as a camera of 1280 x 720 hands it out, judged at 480 x 270: from its planes, and drawn small and read back.
  const picture = cameraFrame();
  const small = new OffscreenCanvas(480, 270).getContext('2d', { willReadFrequently: true });
  small.imageSmoothingQuality = 'medium';
  const size = picture.allocationSize();
  const taken = async (judge) => {
    const frame = picture.clone();
    id += 1;
    const data = await judge(frame);
    frame.close();
    if (data[4] !== 1) throw new Error('no face');
  };
  const planes = () => taken(async (frame) => {
    const at = inPlanes.engine.planesAt(size);
    const bytes = new Uint8Array(inPlanes.memory.buffer, at, size);
    const rows = (await frame.copyTo(bytes)).flatMap(({ offset, stride }) => [offset, stride]);
    return inPlanes.engine.observePlanes(id, id * 33, 1280, 720, Uint32Array.from(rows), true, false, 480);
  });
  /** The same frame only copied. */
  const copied = async () => {
    const frame = picture.clone();
    const at = inPlanes.engine.planesAt(size);
    await frame.copyTo(new Uint8Array(inPlanes.memory.buffer, at, size));
    frame.close();
  };
  const drawn = () => taken((frame) => {
    small.drawImage(frame, 0, 0, 480, 270);
    return asDrawn.observe(id, id * 33, 480, 270, new Uint8Array(small.getImageData(0, 0, 480, 270).data.buffer), 480);
  });

  // What a tracked frame spends in its network: the same network, alone, in a binary of its own.
  const { default: initBench, Compact } = await import('/built/bench-simd/faceid_bench.js');
  await initBench();
  const alone = new Compact(models[1]);
  alone.set(Float32Array.from({ length: 3 * 192 * 192 }, (_, i) => ((7 * i) % 256) / 255));

  const peers = quick ? {} : await others();
  const contenders = { ours: ours(simd), plain: ours(plain), network: () => alone.run(), read, planes, copied, drawn, ...peers };
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
  // The end of a session: twenty frames of the ring as files, then the best one at the camera's size, as the worker does it.
  const files = simd.engine.encode(Float64Array.from({ length: 20 }, (_, i) => id - 2 * i), 85);
  simd.engine.clear();
  const full = new OffscreenCanvas(1280, 720).getContext('2d', { willReadFrequently: true });
  full.drawImage(bitmap, 0, 0, bitmap.width, bitmap.width * 0.5625, 0, 0, 1280, 720);
  const best = simd.engine.encodeBest(1280, 720, new Uint8Array(full.getImageData(0, 0, 1280, 720).data.buffer), 92, 2 ** 21);
  const afterEvidence = simd.memory.buffer.byteLength;
  for (let more = 0; more < tenMinutes; more += 1) {
    contenders.ours();
    // Chromium takes a page that never comes back for a hung one.
    if (more % 100 === 0) await new Promise((resolve) => setTimeout(resolve));
  }
  return {
    frame: [480, 360], times: Object.fromEntries(Object.entries(times).map(([name, list]) => [name, spread(list)])),
    evidence: { frames: files.reduce((sum, file) => sum + file.length, 0), best: best.length },
    memory: { afterWarmUp, afterEvidence, afterTenMinutes: simd.memory.buffer.byteLength },
  };

  /** Planes of the portrait, BT.709, video range. */
  function cameraFrame() {
    const [width, height] = [1280, 720];
    const full = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
    full.drawImage(bitmap, 0, 0, bitmap.width, bitmap.width * 0.5625, 0, 0, width, height);
    const { data } = full.getImageData(0, 0, width, height);
    const out = new Uint8Array(width * height * 1.5);
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        const [red, green, blue] = data.subarray(4 * (y * width + x), 4 * (y * width + x) + 3);
        out[y * width + x] = 16.5 + 0.1826 * red + 0.6142 * green + 0.062 * blue;
        if (x % 2 || y % 2) continue;
        const i = width * height + ((y / 2) * width) / 2 + x / 2;
        out[i] = 128.5 - 0.1006 * red - 0.3386 * green + 0.4392 * blue;
        out[i + (width * height) / 4] = 128.5 + 0.4392 * red - 0.3989 * green - 0.0403 * blue;
      }
    }
    return new VideoFrame(out, { format: 'I420', codedWidth: width, codedHeight: height, timestamp: 0, colorSpace: { matrix: 'bt709', primaries: 'bt709', transfer: 'bt709', fullRange: false } });
  }

  /** MediaPipe and Human on the same picture. */
  async function others() {
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
    return { mediapipe, human: tracked };
  }
}
