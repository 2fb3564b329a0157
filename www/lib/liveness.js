/** The promise-and-events API: one `Liveness` per biz_token. */
import { startWorker, assetUrls } from './assets.js';
import { LivenessError, health, onPanic } from './errors.js';
import { loadShell } from './shell.js';

/** Longest wait for the worker's own end, ms: it may be judging a frame, or writing JPEGs. */
const WORKER_END_MS = 1000;

/**
 * One attempt. Dispatches typed CustomEvents (`state`, `prompt`, `progress`, `upload`, `guidance`, `action`, `wrong-action`, `camera`,
 * `cameras`, `needs-tap`, `engine-ready`, `closed`, …), each with the event object as `detail`; always ends with exactly one `closed`.
 */
export class Liveness extends EventTarget {
  /** @param {import('./types/index').LivenessOptions} options */
  constructor(options) {
    super();
    this.options = options;
    /** Resolves with the outcome, whatever it is. Never rejects. */
    this.closed = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#offPanic = onPanic(() => this.#trapped());
    options.signal?.addEventListener('abort', () => this.cancel(), { signal: this.#off.signal });
    if (options.signal?.aborted) this.cancel();
  }

  /** Where the cloud lets the page send the person, from its authenticated reply to init. @type {string[]} */
  returnPrefixes = [];
  /** Not called any more once it is over; kept until its memory can be given back. @type {import('./shell/faceid_liveness.js').Attempt | null} */
  #attempt = null;
  /** Promises of the attempt that have not settled; each holds on to its memory. */
  #pending = 0;
  /** @type {Worker | null} */
  #worker = null;
  /** The worker has loaded: only from then on does it get frames. */
  #engineReady = false;
  /** @type {HTMLVideoElement | null} */
  #video = null;
  #off = new AbortController();
  #resolve;
  #offPanic;
  #initialised = false;
  #over = false;

  /** Loads the module and redeems the token. Rejects with a LivenessError; the attempt is over then. */
  async init() {
    if (this.#over) throw cancelled();
    try {
      const shell = await loadShell(this.options.assetBase);
      if (this.#over) throw cancelled();
      this.#video = this.options.video ?? hiddenVideo();
      this.#worker = engineWorker(this.options);
      const attempt = new shell.Attempt(attemptConfig(this.options), this.#video, this.#worker, (event) => this.#on(event));
      this.#attempt = attempt;
      attempt.loadEngine();
      await this.#settled(attempt.init());
      if (this.#over) throw cancelled();
      this.returnPrefixes = attempt.returnPrefixes;
      this.#initialised = true;
    } catch (error) {
      const coded = error instanceof LivenessError ? error : unknown(error);
      this.#finish(outcome(coded));
      throw coded;
    }
  }

  /** Runs to the end. Resolves with the outcome; rejects with a LivenessError when it never got going. */
  async start() {
    if (!this.#initialised && !this.#over) await this.init();
    if (!this.#over) {
      this.#attempt.setHidden(document.hidden);
      document.addEventListener('visibilitychange', () => this.#guard(() => this.#attempt?.setHidden(document.hidden)), { signal: this.#off.signal });
      window.addEventListener('pagehide', () => this.cancel(), { signal: this.#off.signal });
      try {
        this.#attempt.start();
      } catch (error) {
        const coded = error instanceof LivenessError ? error : unknown(error);
        this.#finish(outcome(coded));
        throw coded;
      }
    }
    return this.closed;
  }

  /** The person gives up; the outcome is 56000 USER_CANCEL unless it is already over. */
  cancel() {
    if (this.#over) return;
    this.#guard(() => this.#attempt?.cancel());
    if (!this.#over) this.#finish(outcome(cancelled()));
  }

  /** Continues after `needs-tap`; call it from the tap. */
  async resume() {
    if (!this.#over && this.#attempt) await this.#settled(this.#attempt.resume());
  }

  /**
   * Takes another camera of the `cameras` event.
   * @param {string} id @returns {boolean} false when it is too late for that: the first challenge is on its way
   */
  useCamera(id) {
    if (this.#over) return false;
    return this.#guard(() => this.#attempt?.useCamera(id)) ?? false;
  }

  /** Name of the machine's state. */
  get state() {
    if (this.#over) return 'closed';
    return this.#attempt ? this.#attempt.state : 'not-started';
  }

  #on(event) {
    if (this.#over) return;
    if (event.type === 'note') console.warn('faceid-liveness:', event.text);
    if (event.type === 'engine-ready') this.#engineReady = true;
    if (event.type === 'closed') this.#finish(event);
    else this.dispatchEvent(new CustomEvent(event.type, { detail: event }));
  }

  /** Calls into the wasm; a trap there ends the session through the panic hook, or here when the hook did not run. */
  #guard(act) {
    try {
      return act();
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) this.#trapped();
      else throw error;
      return undefined;
    }
  }

  #trapped() {
    health.panicked = true;
    // The wasm cannot be called any more: the camera is stopped from here.
    this.#finish({ type: 'closed', code: 50000, message: 'UNKOWN_ERROR', fromServer: false, blame: 'us', retryable: true });
  }

  async #settled(promise) {
    this.#pending += 1;
    try {
      return await promise;
    } finally {
      this.#pending -= 1;
      this.#release();
    }
  }

  /** Gives back the wasm's memory when all is over. Never sooner: what was refused once cannot be given back a second time. */
  #release() {
    if (!this.#over || this.#pending > 0) return;
    const attempt = this.#attempt;
    this.#attempt = null;
    try {
      attempt?.free();
    } catch {
      // What trapped keeps it for ever.
    }
  }

  #finish(event) {
    if (this.#over) return;
    this.#over = true;
    this.#off.abort();
    this.#offPanic();
    if (this.#worker) endWorker(this.#worker, this.#engineReady);
    this.#worker = null;
    // The wasm may be what calls this: it is let go once it has returned. It holds the listener, which holds this, so that no collector would.
    queueMicrotask(() => this.#release());
    const stream = this.#video?.srcObject;
    if (stream instanceof MediaStream) {
      for (const track of stream.getTracks()) track.stop();
      this.#video.srcObject = null;
    }
    this.dispatchEvent(new CustomEvent('closed', { detail: event }));
    this.#resolve(event);
  }
}

/**
 * Makes and starts an attempt, with or without an element to show it.
 * @param {import('./types/index').LivenessOptions & {element?: HTMLElement & {run: Function}}} options
 * @returns {Liveness} `await liveness.closed` gives the outcome
 */
export function createLiveness(options) {
  if (options?.element) return options.element.run(options);
  const liveness = new Liveness(options);
  // Failures end in `closed` as well; who awaits only that must not see an unhandled rejection.
  liveness.start().catch(() => {});
  return liveness;
}

function attemptConfig(/** @type {import('./types/index').LivenessOptions} */ options) {
  return {
    bizToken: options.bizToken ?? '',
    server: options.server ?? '',
    language: options.lang ?? document.documentElement.lang ?? '',
    consent: options.consent,
    excludedActions: options.excludedActions ?? [],
    deviceId: options.deviceId,
    cameraId: options.cameraId || undefined,
    assets: { ...assetUrls(options.assetBase).engine, ...options.assets },
    engineTimeoutMs: options.engineTimeoutMs ?? 45000,
  };
}

function engineWorker(/** @type {import('./types/index').LivenessOptions} */ options) {
  try {
    return startWorker(options);
  } catch (cause) {
    console.error('faceid-liveness:', cause);
    throw new LivenessError(56000, 'FACE_INIT_FAIL', 'us', true);
  }
}

/** Frames that went to the worker are its own, and terminating it would leave them unclosed: it is asked to close them and itself. */
function endWorker(/** @type {Worker} */ worker, /** @type {boolean} */ mayHoldFrames) {
  if (!mayHoldFrames) return worker.terminate();
  worker.postMessage({ type: 'end' });
  setTimeout(() => worker.terminate(), WORKER_END_MS);
}

function hiddenVideo() {
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  return video;
}

const cancelled = () => new LivenessError(56000, 'USER_CANCEL', 'user', true);

function unknown(/** @type {unknown} */ cause) {
  console.error('faceid-liveness:', cause);
  const error = new LivenessError(50000, 'UNKOWN_ERROR', 'us', true);
  error.cause = cause;
  return error;
}

function outcome(/** @type {LivenessError} */ error) {
  return { type: 'closed', code: error.code, message: error.message, fromServer: false, blame: error.blame, retryable: error.retryable };
}
