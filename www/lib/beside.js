/** The package's files beside this module, at any prefix. The literal `new URL('…', import.meta.url)` is what bundlers find and copy. */
import { located, provideAssets } from './assets.js';

/** @returns {typeof import('./assets.js').PATHS} absolute URLs */
export function beside() {
  const files = {
    shell: new URL('./shell/faceid_liveness_bg.wasm', import.meta.url).href,
    worker: new URL('./worker.js', import.meta.url).href,
    engine: {
      wasm: new URL('./engine/faceid_liveness_bg.wasm', import.meta.url).href,
      wasmPlain: new URL('./engine-plain/faceid_liveness_bg.wasm', import.meta.url).href,
      detector: new URL('../models/face_detector.net', import.meta.url).href,
      landmark: new URL('../models/face_landmark.net', import.meta.url).href,
      geometry: new URL('../models/canonical_face.json', import.meta.url).href,
    },
  };
  // Turbopack puts paths without an origin in the place of these URLs.
  return located(files, (address) => new URL(address, globalThis.document?.baseURI).href);
}

provideAssets(beside);
