/** What this browser can do, found out without asking for the camera; each finding with a reason and a remedy. No wasm is loaded. */
import { containerOf } from './webviews.js';

/** Smallest module with a SIMD instruction: (func (result v128) i32.const 0 i8x16.splat). */
const SIMD = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11]);
/** `[why it fails, what to do]` */
const WORDS = {
  secureContext: ['The page is not served over HTTPS.', 'Serve it over HTTPS; for development use localhost.'],
  permissionsPolicy: ['The page that frames this one does not let it use the camera.', 'Add allow="camera" to the iframe and camera=(self) to the Permissions-Policy header.'],
  camera: ['This browser gives pages no camera.', 'Open the page in the system browser; iOS needs 14.3 or newer inside apps.'],
  wasm: ['WebAssembly is missing or switched off.', 'Use an up-to-date browser, and leave lockdown or extreme security modes.'],
  simd: ['WebAssembly SIMD is missing; the engine for such browsers is slower.', 'Use iOS 16.4, Chrome 91, Firefox 89 or newer if you can.'],
  worker: ['Web Workers are missing.', 'Use an up-to-date browser.'],
  webCrypto: ['Web Crypto is missing.', 'Serve the page over HTTPS and use an up-to-date browser.'],
  customElements: ['Custom elements are missing.', 'Use an up-to-date browser.'],
};

/** Good to have; the attempt goes on without. */
const OPTIONAL = ['simd'];

/** Does the frame's policy let us at the camera? Browsers that cannot tell count as yes. */
function policy(document) {
  const policy = document?.permissionsPolicy ?? document?.featurePolicy;
  return policy?.allowsFeature ? policy.allowsFeature('camera') : true;
}

/** @see types/support.d.ts */
export function checkSupport() {
  const g = globalThis;
  const wasm = typeof g.WebAssembly === 'object';
  const tests = {
    secureContext: g.isSecureContext === true,
    permissionsPolicy: policy(g.document),
    camera: typeof g.navigator?.mediaDevices?.getUserMedia === 'function',
    wasm,
    simd: wasm && WebAssembly.validate(SIMD),
    worker: typeof g.Worker === 'function',
    webCrypto: typeof g.crypto?.subtle === 'object',
    customElements: typeof g.customElements === 'object',
  };
  const failed = Object.keys(tests).filter((name) => !tests[name]);
  const missing = failed.filter((name) => !OPTIONAL.includes(name));
  const findings = failed.map((test) => ({ test, reason: WORDS[test][0], remedy: WORDS[test][1] }));
  const container = containerOf(g.navigator?.userAgent ?? '', g);
  // In an app that is known to withhold the camera its own remedy is the better one.
  const camera = findings.find(({ test }) => test === 'camera');
  if (camera && container) camera.remedy = container.remedy;
  return { supported: missing.length === 0, tests, missing, findings, container };
}

/**
 * Opens the camera for a moment; call it from a click, because browsers block pages that ask again and again.
 * @returns {Promise<{ok: boolean, fault: string | null, label: string, width: number, height: number}>} never rejects
 */
export async function checkWithCamera() {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: { ideal: 'user' } } });
    const [track] = stream.getVideoTracks();
    const { width = 0, height = 0 } = track.getSettings();
    const { label } = track;
    for (const each of stream.getTracks()) each.stop();
    return { ok: true, fault: null, label, width, height };
  } catch (error) {
    return { ok: false, fault: FAULTS[error?.name] ?? 'unsupported', label: '', width: 0, height: 0 };
  }
}

/** Names of `getUserMedia`, old ones included, as faults of the element. */
const FAULTS = {
  NotAllowedError: 'denied', PermissionDeniedError: 'denied', SecurityError: 'denied',
  NotFoundError: 'not_found', DevicesNotFoundError: 'not_found',
  NotReadableError: 'busy', TrackStartError: 'busy', AbortError: 'busy',
  OverconstrainedError: 'overconstrained', ConstraintNotSatisfiedError: 'overconstrained',
};

export { containerOf };
