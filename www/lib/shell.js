/** The main-thread wasm, loaded once per page. */
import init, * as shell from './shell/faceid_liveness.js';
import { LivenessError, health } from './errors.js';
import { assetUrls } from './assets.js';
import { fetchModule } from './fetch.js';

/** @type {Promise<typeof shell> | null} */
let loading = null;

/**
 * Loads the shell; a failed load may be tried again.
 * @param {string} [base] see `assetUrls`
 */
export function loadShell(base) {
  if (health.panicked) return Promise.reject(initFailed(new Error('the module has trapped; reload the page')));
  loading ??= (async () => {
    try {
      await init({ module_or_path: await fetchModule(assetUrls(base).shell) });
      return shell;
    } catch (error) {
      loading = null;
      throw initFailed(error);
    }
  })();
  return loading;
}

/** @param {unknown} cause */
function initFailed(cause) {
  const error = new LivenessError(56000, 'INIT_FAILED', 'us', true);
  error.cause = cause;
  console.error('faceid-liveness:', cause);
  return error;
}
