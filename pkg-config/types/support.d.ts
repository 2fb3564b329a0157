/** What this browser can do, found out without asking for the camera. */
export function checkSupport(): {
  supported: boolean;
  tests: Record<'secureContext' | 'camera' | 'wasm' | 'simd' | 'worker' | 'webCrypto' | 'customElements', boolean>;
  /** Names of the failed tests. */
  missing: string[];
};
