/** Errors of the module, and the last resort when the wasm itself has trapped. Imported by the generated shell module. */

/** What went wrong, as a row of the taxonomy. @see ./types/index.d.ts */
export class LivenessError extends Error {
  /**
   * @param {number} code 5xxxx
   * @param {string} message taxonomy message
   * @param {string} blame who can put it right
   * @param {boolean} retryable whether another attempt (with a new token) may end otherwise
   */
  constructor(code, message, blame, retryable) {
    super(message);
    this.name = 'LivenessError';
    this.code = code;
    this.blame = blame;
    this.retryable = retryable;
  }
}

/** Set for good once the wasm has panicked: its memory can no longer be trusted, the page must be reloaded. */
export const health = { panicked: false, reason: '' };

const listeners = new Set();

/** @param {(reason: string) => void} listener @returns {() => void} takes the listener off */
export function onPanic(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Called by the wasm's panic hook just before it traps. @param {string} reason */
export function reportPanic(reason) {
  health.panicked = true;
  health.reason = reason;
  for (const listener of [...listeners]) listener(reason);
}
