/** Fetching binary files with errors that say what is really wrong. */

/** A file that could not be used. `code` is stable, `message` is for the console. */
export class AssetError extends Error {
  /** @param {string} code @param {string} message */
  constructor(code, message) {
    super(message);
    this.name = 'AssetError';
    this.code = code;
  }
}

/**
 * @param {string} url
 * @param {(bytes: Uint8Array) => boolean} [looksRight] cheap check of the first bytes
 * @returns {Promise<Uint8Array>}
 */
export async function fetchBytes(url, looksRight) {
  let response;
  try {
    response = await fetch(url, { credentials: 'same-origin' });
  } catch {
    throw new AssetError('asset-unreachable', `${url} could not be fetched (network, CSP connect-src or CORS)`);
  }
  if (!response.ok) throw new AssetError('asset-missing', `${url} answered HTTP ${response.status}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (startsLikeHtml(bytes)) {
    throw new AssetError('asset-is-html', `${url} is an HTML page: the server sends its index page for missing files; copy the package's files there`);
  }
  if (bytes.length === 0 || (looksRight && !looksRight(bytes))) throw new AssetError('asset-corrupt', `${url} does not hold what it should`);
  return bytes;
}

/** `\0asm` @param {Uint8Array} bytes */
export function looksLikeWasm(bytes) {
  return bytes.length > 8 && bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d;
}

/** @param {Uint8Array} bytes */
function startsLikeHtml(bytes) {
  const head = new TextDecoder().decode(bytes.subarray(0, 64)).trimStart().toLowerCase();
  return head.startsWith('<!doctype') || head.startsWith('<html') || head.startsWith('<head');
}
