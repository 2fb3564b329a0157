/** Where the package's files lie. Everything is relative to this module, so the folder works at any prefix. */

/** @param {string} [base] folder to load from instead of the package's own, with or without a trailing slash */
export function assetUrls(base) {
  if (base) {
    const root = new URL(base.endsWith('/') ? base : `${base}/`, document.baseURI);
    const at = (/** @type {string} */ path) => new URL(path, root).href;
    return {
      shellWasm: at('lib/shell/faceid_liveness_bg.wasm'),
      engine: {
        wasm: at('lib/engine/faceid_liveness_bg.wasm'),
        wasmPlain: at('lib/engine-plain/faceid_liveness_bg.wasm'),
        detector: at('models/face_detector.net'),
        landmark: at('models/face_landmark.net'),
        geometry: at('models/canonical_face.json'),
      },
    };
  }
  // Literal `new URL(..., import.meta.url)` expressions are what bundlers find and copy.
  return {
    shellWasm: new URL('./shell/faceid_liveness_bg.wasm', import.meta.url).href,
    engine: {
      wasm: new URL('./engine/faceid_liveness_bg.wasm', import.meta.url).href,
      wasmPlain: new URL('./engine-plain/faceid_liveness_bg.wasm', import.meta.url).href,
      detector: new URL('../models/face_detector.net', import.meta.url).href,
      landmark: new URL('../models/face_landmark.net', import.meta.url).href,
      geometry: new URL('../models/canonical_face.json', import.meta.url).href,
    },
  };
}

/**
 * The engine's worker. Without `url` the worker beside this module.
 * @param {string} [url]
 */
export function startWorker(url) {
  if (url) return new Worker(new URL(url, document.baseURI), { type: 'module', name: 'faceid-engine' });
  return new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'faceid-engine' });
}
