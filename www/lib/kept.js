/**
 * Files that the browser keeps between visits, in Cache storage under their SHA-256: another version of the package never meets them, and no visit
 * fetches what is there. The HTTP caches of web-views are small and soon emptied.
 */
import { AssetError, fetchBytes } from './fetch.js';

const CACHE = 'faceid-liveness';
/** Cache storage wants addresses; nothing is served there. */
const address = (digest) => new URL(`/.faceid-liveness/${digest}`, self.location.origin).href;

/**
 * The kept file, or the fetched one after it was found to be what the package was built with.
 * @param {string} url
 * @param {string | undefined} digest SHA-256, hexadecimal
 * @param {(bytes: Uint8Array) => boolean} [looksRight]
 * @returns {Promise<Uint8Array>}
 */
export async function keptBytes(url, digest, looksRight) {
  // What stands inside the page's own files needs no second copy.
  if (!digest || !/^https?:/.test(url)) return fetchBytes(url, looksRight);
  const cache = await opened();
  const kept = await read(cache, digest);
  if (kept && (await sha256(kept)) === digest) return kept;
  const bytes = await fetchBytes(url, looksRight);
  const found = await sha256(bytes);
  if (found !== null && found !== digest) {
    throw new AssetError('asset-corrupt', `${url} is not the file that this version of the package was built with: copy all of its files again`);
  }
  // Full or refused storage costs the next visit a download, nothing else.
  cache?.put(address(digest), new Response(bytes)).catch(() => {});
  return bytes;
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

async function read(cache, digest) {
  try {
    const response = await cache?.match(address(digest));
    return response ? new Uint8Array(await response.arrayBuffer()) : null;
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
