// Writes face_embedding.json: outputs of the package's own JavaScript on fixed inputs.
//
//   npm pack @vladmandic/face-api@1.7.15 && tar xzf vladmandic-face-api-1.7.15.tgz
//   node make_embedding.mjs package face_embedding.json
//
// The package scales pixels by 1/255; the check feeds the converted network the same numbers.
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

// The bundle's Node branch wants a stubbed-out `util`; as a "browser" it needs nothing but these.
globalThis.window = globalThis;
globalThis.document = { createElement: () => ({ getContext: () => null }) };

const [folder, target] = process.argv.slice(2);
// Its package.json does not declare ES modules, so the bundle needs the .mjs ending.
const bundle = path.resolve(folder, 'dist/face-api.mjs');
fs.copyFileSync(path.resolve(folder, 'dist/face-api.esm.js'), bundle);
const faceapi = await import(pathToFileURL(bundle));
const version = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')).version;
const tf = faceapi.tf;
const SIDE = 150;

// Must stay equal to `pixel` in xtask/src/models/check.rs and make_reference.py.
const pixel = (k, c, y, x) =>
  (k * (7 * x + 13 * y) + 29 * c + 3 * ((x * y) % 31) + Math.floor((x * x + y * y) / 64)) % 256;

await tf.setBackend('cpu');
await tf.ready();
const model = path.join(folder, 'model/face_recognition_model');
const manifest = JSON.parse(fs.readFileSync(`${model}-weights_manifest.json`, 'utf8'));
const shard = fs.readFileSync(`${model}.bin`);
const buffer = shard.buffer.slice(shard.byteOffset, shard.byteOffset + shard.byteLength);
const weights = tf.io.decodeWeights(buffer, manifest.flatMap((group) => group.weights));
const net = new faceapi.FaceRecognitionNet();
net.loadFromWeightMap(weights);

const cases = [];
for (const k of [1, 5]) {
  const data = new Float32Array(SIDE * SIDE * 3);
  for (let y = 0; y < SIDE; y++)
    for (let x = 0; x < SIDE; x++)
      for (let c = 0; c < 3; c++) data[(y * SIDE + x) * 3 + c] = pixel(k, c, y, x);
  const image = tf.tensor4d(data, [1, SIDE, SIDE, 3]);
  const out = net.forwardInput({ toBatchTensor: () => image });
  cases.push({ k, outputs: { embedding: { step: 1, values: Array.from(out.dataSync()) } } });
}
const made = `@vladmandic/face-api ${version}, tfjs ${tf.version_core}, cpu`;
const input = { side: SIDE, subtract: [122.782, 117.001, 104.298], divide: 255 };
fs.writeFileSync(target, JSON.stringify({ made_by: made, input, cases }) + '\n');
