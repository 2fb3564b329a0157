/**
 * Everything in JavaScript, for bundlers that copy no files and for pages that are one file. Needs `worker-src blob:` and `connect-src blob:`
 * under a strict policy, and is a third larger: prefer the main entry wherever that works.
 */
import { located, provideAssets } from '../lib/assets.js';
import { FILES } from './files.js';

const TYPES = { worker: 'text/javascript', shell: 'application/wasm', wasm: 'application/wasm', wasmPlain: 'application/wasm' };

/** @type {ReturnType<typeof located> | null} made once: object URLs live as long as the page */
let made = null;

provideAssets(() => {
  made ??= located(FILES, (base64, key) => {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    return URL.createObjectURL(new Blob([bytes], { type: TYPES[key] ?? 'application/octet-stream' }));
  });
  return made;
});

export * from '../lib/slim.js';
