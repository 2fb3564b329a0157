/**
 * Bytes that a first visit loads: `weight.mjs PACKAGE`. What the package's hints name, the worker's one
 * script, the binary and the models it fetches. Prints JSON: files with their group (`prompt`: needed before the first prompt shows; `engine`: after it), raw, gzip -9, brotli -11.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const root = process.argv[2];
// The package's own list, which a test holds against what our pages load.
const hints = execFileSync(process.execPath, [join(root, 'bin/faceid-liveness.mjs'), 'hints', '/'], { encoding: 'utf8' });
const prompt = Array.from(hints.matchAll(/href="\/([^"]+)"/g), ([, file]) => file);
const models = ['face_detector.net', 'face_landmark.net', 'canonical_face.json'].map((name) => `models/${name}`);
const engine = ['lib/worker.js', 'lib/engine/faceid_liveness_bg.wasm', ...models];

const files = [...prompt.map((file) => ({ file, group: 'prompt' })), ...engine.map((file) => ({ file, group: 'engine' }))].map(({ file, group }) => {
  if (!existsSync(join(root, file))) throw new Error(`${file} is missing`);
  const bytes = readFileSync(join(root, file));
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return { file, group, raw: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length, brotli: brotliCompressSync(bytes, { params }).length };
});
console.log(JSON.stringify(files));
