/** What this browser can do, without asking for the camera. */

/** Smallest module with a SIMD instruction: (func (result v128) i32.const 0 i8x16.splat). */
const SIMD = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11]);

/** @returns {{supported: boolean, tests: Record<string, boolean>, missing: string[]}} */
export function checkSupport() {
  const g = globalThis;
  const tests = {
    secureContext: g.isSecureContext === true,
    camera: typeof g.navigator?.mediaDevices?.getUserMedia === 'function',
    wasm: typeof g.WebAssembly === 'object',
    simd: typeof g.WebAssembly === 'object' && WebAssembly.validate(SIMD),
    worker: typeof g.Worker === 'function',
    webCrypto: typeof g.crypto?.subtle === 'object',
    customElements: typeof g.customElements === 'object',
  };
  const missing = Object.keys(tests).filter((name) => !tests[name]);
  return { supported: missing.length === 0, tests, missing };
}
