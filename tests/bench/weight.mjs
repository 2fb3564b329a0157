/**
 * Bytes that a first visit loads: `weight.mjs PACKAGE`. Follows the static imports from the element and from the worker, adds the binaries and
 * models they fetch. Prints JSON: files with their group (`prompt`: needed before the first prompt shows; `engine`: after it), raw, gzip -9, brotli -11.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const root = process.argv[2];
const IMPORT = /^\s*(?:import|export)\s[^;]*?from\s*['"](\.[^'"]+)['"]|^\s*import\s*['"](\.[^'"]+)['"]/gm;

/** Modules reached from `entry`, itself first. */
function closure(/** @type {string} */ entry) {
  const found = [entry];
  for (const file of found) {
    for (const [, from, bare] of readFileSync(join(root, file), 'utf8').matchAll(IMPORT)) {
      const next = normalize(join(dirname(file), from ?? bare));
      if (!found.includes(next)) found.push(next);
    }
  }
  return found;
}

const prompt = [...closure('element/index.js'), 'lib/shell/faceid_liveness_bg.wasm'];
const models = ['face_detector.net', 'face_landmark.net', 'canonical_face.json'].map((name) => `models/${name}`);
const engine = [...closure('lib/worker.js'), 'lib/engine/faceid_liveness_bg.wasm', ...models].filter((file) => !prompt.includes(file));

const files = [...prompt.map((file) => ({ file, group: 'prompt' })), ...engine.map((file) => ({ file, group: 'engine' }))].map(({ file, group }) => {
  if (!existsSync(join(root, file))) throw new Error(`${file} is missing`);
  const bytes = readFileSync(join(root, file));
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return { file, group, raw: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length, brotli: brotliCompressSync(bytes, { params }).length };
});
console.log(JSON.stringify(files));
