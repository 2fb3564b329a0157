/** How an attempt ended, for listeners: every start has exactly one of `result`, `error` and `cancel`, and `closed` in any case. */

/** Longest wait for a page's token, ms. */
const TOKEN_MS = 30_000;

/** @param {{fromServer: boolean, code: number, message: string}} outcome */
export function endType({ fromServer, code, message }) {
  if (fromServer || code === 51000) return 'result';
  return code === 56000 && message === 'USER_CANCEL' ? 'cancel' : 'error';
}

export const CANCELLED = { type: 'closed', code: 56000, message: 'USER_CANCEL', fromServer: false, blame: 'user', retryable: true };
/** The page's own token provider failed or did not answer. */
export const NO_TOKEN = { type: 'closed', code: 56000, message: 'INIT_FAILED', fromServer: false, blame: 'integrator', retryable: true };

/**
 * The page's token, unless it takes too long or is not wanted any more.
 * @param {() => Promise<string>} provider @param {AbortSignal} signal
 * @returns {Promise<string>} rejects with the reason
 */
export function tokenFrom(provider, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`tokenProvider did not answer in ${TOKEN_MS / 1000} s`)), TOKEN_MS);
    signal.addEventListener('abort', () => reject(signal.reason));
    Promise.resolve().then(provider).then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
