/** The two native SDK shapes on top of the promise API. Codes and messages are those of the SDK table. */
import { LivenessError } from './errors.js';
import { Liveness } from './liveness.js';
import { FaceIdDialog } from '../element/dialog.js';
import { BUILD, NAME, VERSION } from './version.js';

const illegal = () => new LivenessError(56000, 'ILLEGAL_PARAMETER', 'integrator', false);

/** Shape of the Android SDK's FaceIdManager. */
export class FaceIdManager {
  static #instance = null;
  #liveness = null;
  #options = {};
  #onInit = null;
  #onDetect = null;

  /** The one instance of the page. The context argument of the native call has no meaning here. @param {unknown} [_context] */
  static getInstance(_context) {
    FaceIdManager.#instance ??= new FaceIdManager();
    return FaceIdManager.#instance;
  }

  /** Settings the native SDK has built in: server, lang, assetBase, container … @param {object} options */
  configure(options) {
    this.#options = { ...this.#options, ...options };
    return this;
  }

  /** @param {{onSuccess?: () => void, onFailed?: (code: number, message: string) => void} | null} listener */
  setFaceIdInitListener(listener) {
    this.#onInit = listener;
  }

  /** @param {{onSuccess?: (code: number, message: string) => void, onFailed?: (code: number, message: string) => void} | null} listener */
  setFaceIdDetectListener(listener) {
    this.#onDetect = listener;
  }

  /** Redeems the token; must succeed before startDetect. @param {string} bizToken */
  init(bizToken) {
    this.#liveness?.cancel();
    const dialog = new FaceIdDialog(this.#options);
    const liveness = new Liveness({ ...this.#options, bizToken, video: dialog.video });
    this.#liveness = null;
    liveness.init().then(
      () => {
        this.#liveness = liveness;
        liveness.dialog = dialog;
        this.#onInit?.onSuccess?.();
      },
      (error) => this.#onInit?.onFailed?.(error.code, error.message),
    );
  }

  /** Runs the attempt; onSuccess for 51000 only, onFailed for every other code. */
  startDetect() {
    const liveness = this.#liveness;
    this.#liveness = null;
    detect(liveness, document.body, (code, message) => {
      const listener = this.#onDetect;
      if (code === 51000) listener?.onSuccess?.(code, message);
      else listener?.onFailed?.(code, message);
    });
  }

  /** @returns {string} */
  getSdkVersion() {
    return VERSION;
  }

  /** @returns {string} */
  getSdkBuildInfo() {
    return `${NAME} ${VERSION} (${BUILD})`;
  }
}

/** Shape of the iOS SDK's MGFaceIDDetectManager. */
export class MGFaceIDDetectManager {
  #liveness = null;
  #ready = null;

  /**
   * `error` is null when the token looks right; what the cloud says about it comes with startDetect.
   * @param {string} token @param {object} [options] server, lang, assetBase …
   * @returns {{manager: MGFaceIDDetectManager, error: LivenessError | null}}
   */
  static initFaceIdManagerWithToken(token, options = {}) {
    const manager = new MGFaceIDDetectManager();
    if (typeof token !== 'string' || !/^[\x21-\x7e]{1,256}$/.test(token)) return { manager, error: illegal() };
    const dialog = new FaceIdDialog(options);
    manager.#liveness = new Liveness({ ...options, bizToken: token, video: dialog.video });
    manager.#liveness.dialog = dialog;
    manager.#ready = manager.#liveness.init().then(
      () => null,
      (error) => error,
    );
    return { manager, error: null };
  }

  /**
   * Runs the attempt inside `host`; the initialiser must be called before every startDetect.
   * @param {HTMLElement | null} host @param {(code: number, message: string) => void} callback
   */
  startDetect(host, callback) {
    const liveness = this.#liveness;
    const ready = this.#ready;
    this.#liveness = null;
    if (!liveness) {
      detect(null, host, callback);
      return;
    }
    liveness.dialog.show(host ?? document.body, liveness);
    ready.then((error) => {
      if (error) {
        liveness.dialog.hide();
        callback(error.code, error.message);
      } else detect(liveness, host, callback);
    });
  }

  /** @returns {string} */
  static getSdkVersion() {
    return VERSION;
  }

  /** @returns {string} */
  static getSdkBuildInfo() {
    return `${NAME} ${VERSION} (${BUILD})`;
  }
}

/** Runs an initialised attempt in its dialog and reports its code; without one answers ILLEGAL_PARAMETER, later, never inside the call. */
function detect(liveness, host, report) {
  if (!liveness) {
    const { code, message } = illegal();
    queueMicrotask(() => report(code, message));
    return;
  }
  liveness.dialog.show(host ?? document.body, liveness);
  liveness.start().then(
    ({ code, message }) => report(code, message),
    (error) => report(error.code, error.message),
  ).finally(() => liveness.dialog.hide());
}
