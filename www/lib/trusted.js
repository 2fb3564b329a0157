/** Trusted Types: the worker's address is the only string of ours that the browser takes as code. */

/** @type {{createScriptURL: (url: string) => unknown} | null} */
let policy = null;

/**
 * The address as the browser wants it. The policy `faceid-liveness` lets the page's own origin through and nothing else.
 * @param {string} url absolute
 * @returns {any} a TrustedScriptURL where the browser has them
 */
export function scriptUrl(url) {
  const { trustedTypes } = globalThis;
  if (!trustedTypes) return url;
  try {
    policy ??= trustedTypes.createPolicy('faceid-liveness', { createScriptURL: own });
  } catch (error) {
    // The page's header does not list the policy. Without require-trusted-types-for a plain string still works; with it `new Worker` says so.
    console.warn('faceid-liveness: add faceid-liveness to the trusted-types of your Content-Security-Policy', error);
    return url;
  }
  return policy.createScriptURL(url);
}

/** @param {string} url */
function own(url) {
  if (new URL(url).origin !== location.origin) throw new TypeError(`${url} is not of this page's origin`);
  return url;
}
