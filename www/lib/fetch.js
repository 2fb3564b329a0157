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
 * A WebAssembly module.
 * @param {string} url
 * @returns {Promise<WebAssembly.Module>}
 */
export async function fetchModule(url) {
  const response = await fetched(url);
  const early = compiling(response);
  const bytes = await bytesOf(response, url, looksLikeWasm);
  return (await early) ?? WebAssembly.compile(bytes);
}

/** What the server has under an address. @param {string} url */
export async function fetched(url) {
  let response;
  try {
    response = await fetch(url, { credentials: 'same-origin' });
  } catch {
    throw new AssetError('asset-unreachable', `${url} could not be fetched (network, CSP connect-src or CORS)`);
  }
  if (!response.ok) throw new AssetError('asset-missing', `${url} answered HTTP ${response.status}`);
  return response;
}

/**
 * All of it, if it may be what it should be.
 * @param {Response} response
 * @param {string} url
 * @param {(bytes: Uint8Array) => boolean} [looksRight] cheap check of the first bytes
 * @returns {Promise<Uint8Array>}
 */
export async function bytesOf(response, url, looksRight) {
  let bytes;
  try {
    bytes = new Uint8Array(await response.arrayBuffer());
  } catch {
    throw new AssetError('asset-unreachable', `${url} came only in part: the connection broke`);
  }
  if (startsLikeHtml(bytes)) {
    throw new AssetError('asset-is-html', `${url} is an HTML page: the server sends its index page for missing files; copy the package's files there`);
  }
  if (bytes.length === 0 || (looksRight && !looksRight(bytes))) throw new AssetError('asset-corrupt', `${url} does not hold what it should`);
  return bytes;
}

/**
 * Begins to compile a module while its bytes still come in, and leaves them to be read besides. `null` where that does not work (the server gives
 * the file another type, the browser cannot): what the bytes are will tell why.
 * @param {Response} response
 * @returns {Promise<WebAssembly.Module | null>}
 */
export async function compiling(response) {
  const named = /^application\/wasm\b/i.test(response.headers.get('content-type') ?? '');
  if (!named || typeof WebAssembly.compileStreaming !== 'function') return null;
  try {
    return await WebAssembly.compileStreaming(response.clone());
  } catch {
    return null;
  }
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
