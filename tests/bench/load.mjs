/** What the benches share: loading contenders, a fixed picture, counting multiply-adds, timing. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Folders: built bench binaries and the models. */
const { FACEID_BENCH_BUILT: built, FACEID_MODELS: models } = process.env;
export const SIDES = { detector: 128, landmark: 192 };

export const model = (/** @type {string} */ name) => new Uint8Array(readFileSync(join(models, name)));

/** A wasm-bindgen module of the bench crate, instantiated from bytes. */
export async function binary(/** @type {string} */ name) {
  const bytes = readFileSync(join(built, name, 'faceid_bench_bg.wasm'));
  const module = await import(pathToFileURL(join(built, name, 'faceid_bench.js')).href);
  const exports = await module.default({ module_or_path: bytes });
  return { module, memory: exports.memory };
}

/** onnxruntime-web in WebAssembly with one thread. */
export async function onnxruntime() {
  const ort = await import('onnxruntime-web/wasm');
  const { env } = ort;
  env.wasm.numThreads = 1;
  env.wasm.proxy = false;
  env.wasm.wasmPaths = `${pathToFileURL(dirname(createRequire(import.meta.url).resolve('onnxruntime-web'))).href}/`;
  return ort;
}

/** The picture of the numeric references, channel by channel, in the network's range. */
export function picture(/** @type {'detector' | 'landmark'} */ role) {
  const side = SIDES[role];
  const [gain, offset] = role === 'detector' ? [2 / 255, -1] : [1 / 255, 0];
  const data = new Float32Array(3 * side * side);
  let at = 0;
  for (let c = 0; c < 3; c += 1) {
    for (let y = 0; y < side; y += 1) {
      for (let x = 0; x < side; x += 1) {
        const pixel = (7 * x + 13 * y + 29 * c + 3 * ((x * y) % 31) + Math.floor((x * x + y * y) / 64)) % 256;
        data[at++] = pixel * gain + offset;
      }
    }
  }
  return data;
}

/** Multiply-adds of one run, from the file itself (docs/networks.md): products with cells outside the picture count as if they were made. */
export function multiplyAdds(/** @type {Uint8Array} */ bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (/** @type {number} */ index) => view.getUint32(4 + 4 * index, true);
  const [channels, height, width, ops, outputs] = [1, 2, 3, 4, 5].map(word);
  const shapes = [[height, width, channels]];
  let total = 0;
  for (let op = 0; op < ops; op += 1) {
    const record = Array.from({ length: 13 }, (_, i) => word(7 + outputs + 13 * op + i));
    const [kind, input, , side, , , , h, w, c] = record;
    const [fromHeight, fromWidth, from] = shapes[input];
    const perPixel = [side * side * from * c, side * side * from + from * c, from * c, fromHeight * fromWidth * from * c][kind];
    total += h * w * perPixel;
    shapes.push([h, w, c]);
  }
  return total;
}

/** Least, median and 90th percentile, ms. */
export function spread(/** @type {number[]} */ times) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => sorted[Math.floor(share * (sorted.length - 1))];
  return { min: at(0), median: at(0.5), p90: at(0.9) };
}

/**
 * Times every contender once per round, so that drifts of the machine meet all of them.
 * @param {Record<string, () => unknown>} contenders
 */
export async function alternate(contenders, { warmUp = 30, rounds = 60 } = {}) {
  /** @type {Record<string, number[]>} */
  const times = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  for (let round = 0; round < warmUp + rounds; round += 1) {
    for (const [name, run] of Object.entries(contenders)) {
      const begun = performance.now();
      const pending = run();
      if (pending instanceof Promise) await pending;
      if (round >= warmUp) times[name].push(performance.now() - begun);
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, list]) => [name, spread(list)]));
}
