/**
 * Files that the browser keeps between visits, in Cache storage under their SHA-256: another version of the package never meets them, and no visit
 * fetches what is there. The HTTP caches of web-views are small and soon emptied.
 */
import { AssetError, bytesOf, compiling, fetched, looksLikeWasm } from './fetch.js';

const CACHE = 'faceid-liveness';
/** Cache storage wants addresses; nothing is served there. */
const address = (digest) => new URL(`/.faceid-liveness/${digest}`, self.location.origin).href;

/**
 * The kept file, or the fetched one after it was found to be what the package was built with.
 * @param {string} url
 * @param {string | undefined} digest SHA-256, hexadecimal
 * @returns {Promise<Uint8Array>}
 */
export async function keptBytes(url, digest) {
  return (await kept(url, digest)).bytes;
}

/**
 * The same for a module. It is compiled while it comes in and handed out once its digest was found right.
 * @param {string} url
 * @param {string | undefined} digest
 * @returns {Promise<WebAssembly.Module>}
 */
export async function keptModule(url, digest) {
  const { bytes, early } = await kept(url, digest, { module: true });
  return (await early) ?? WebAssembly.compile(bytes);
}

/** Fetches a file unless it is kept, and resolves when it is, or cannot be. @param {string} url @param {string | undefined} digest */
export async function store(url, digest) {
  await (await kept(url, digest)).stored;
}

/** @returns {Promise<{bytes: Uint8Array, early: Promise<WebAssembly.Module | null> | null, stored?: Promise<unknown>}>} */
async function kept(url, digest, { module = false } = {}) {
  // What stands inside the page's own files needs no second copy.
  const cache = digest && /^https?:/.test(url) ? await opened() : null;
  const before = await read(cache, digest, module);
  if (before && (await sha256(before.bytes)) === digest) return before;
  const response = await fetched(url);
  const early = module ? compiling(response) : null;
  const bytes = await bytesOf(response, url, module ? looksLikeWasm : undefined);
  const got = digest ? await sha256(bytes) : null;
  if (got !== null && got !== digest) {
    throw new AssetError('asset-corrupt', `${url} is not the file that this version of the package was built with: copy all of its files again`);
  }
  const headers = { 'content-type': response.headers.get('content-type') ?? 'application/octet-stream' };
  // Full or refused storage costs the next visit a download, nothing else.
  const stored = cache?.put(address(digest), new Response(bytes, { headers })).catch(() => {});
  return { bytes, early, stored };
}

/** Removes what other versions kept. @param {string[]} digests of this one */
export async function forgetOthers(digests) {
  const cache = await opened();
  const ours = new Set(digests.map(address));
  try {
    for (const { url } of (await cache?.keys()) ?? []) if (!ours.has(url)) await cache.delete(url);
  } catch {
    // They stay until a visit may remove them.
  }
}

/** `null` where storage is refused: private windows, sandboxed frames, pages without TLS. */
async function opened() {
  try {
    return await caches.open(CACHE);
  } catch {
    return null;
  }
}

async function read(cache, digest, module) {
  try {
    const response = await cache?.match(address(digest));
    if (!response) return null;
    const early = module ? compiling(response) : null;
    return { bytes: new Uint8Array(await response.arrayBuffer()), early };
  } catch {
    return null;
  }
}

/** `null` where the page is not secure: there is no camera either. */
async function sha256(bytes) {
  if (!globalThis.crypto?.subtle) return null;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
