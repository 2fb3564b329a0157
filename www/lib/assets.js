/** Where the package's files lie. Nothing here names a place by itself: `beside.js`, `inline` or the page does. */
import { AssetError } from './fetch.js';
import { scriptUrl } from './trusted.js';

/** Paths in the package's folder; `beside.js` repeats them as the literals that bundlers look for. */
export const PATHS = {
  shell: 'lib/shell/faceid_liveness_bg.wasm',
  worker: 'lib/worker.js',
  engine: {
    wasm: 'lib/engine/faceid_liveness_bg.wasm',
    wasmPlain: 'lib/engine-plain/faceid_liveness_bg.wasm',
    detector: 'models/face_detector.net',
    landmark: 'models/face_landmark.net',
    geometry: 'models/canonical_face.json',
  },
};

/** @type {(() => typeof PATHS) | null} */
let source = null;

/**
 * Says where the files are, for attempts without `assetBase`. The last call counts.
 * @param {() => typeof PATHS} give absolute URLs; called when they are needed
 */
export function provideAssets(give) {
  source = give;
}

/**
 * @param {string} [base] folder that holds a copy of the package, with or without a trailing slash
 * @returns {typeof PATHS} absolute URLs
 */
export function assetUrls(base) {
  if (base) {
    const root = new URL(base.endsWith('/') ? base : `${base}/`, document.baseURI);
    return located(PATHS, (path) => new URL(path, root).href);
  }
  if (source) return source();
  throw new AssetError('assets-unknown', "nobody said where the package's files are: import the main entry instead of slim, or give assetBase");
}

/** The same tree with every leaf replaced. */
export function located(tree, place) {
  return Object.fromEntries(Object.entries(tree).map(([key, leaf]) => [key, typeof leaf === 'string' ? place(leaf, key) : located(leaf, place)]));
}

/**
 * The engine's worker: `workerUrl`, else the one among the files. Browsers start workers of the page's own origin only.
 * @param {{workerUrl?: string, assetBase?: string}} options
 */
export function startWorker({ workerUrl, assetBase }) {
  const url = workerUrl ? new URL(workerUrl, document.baseURI).href : assetUrls(assetBase).worker;
  if (new URL(url).origin !== location.origin) {
    throw new AssetError('worker-foreign', `the worker ${url} is of another origin than this page: copy it to your own and give workerUrl`);
  }
  // One file without imports and a classic script: browsers that lack module workers start it too.
  return new Worker(scriptUrl(url), { name: 'faceid-engine' });
}
