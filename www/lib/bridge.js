/**
 * From a page inside a mini program back to the program. Only a status travels: the truth is what your server learns from get_result.
 *
 * WeChat and Douyin deliver `postMessage` only when the page goes away, Alipay at once; so the message goes first and the way back follows.
 */

/** The hosts' own objects, as their scripts define them. */
const HOSTS = {
  wechat: (g) => g.wx?.miniProgram,
  alipay: (g) => (typeof g.my?.postMessage === 'function' && typeof g.my.navigateBack === 'function' ? g.my : undefined),
  douyin: (g) => g.tt?.miniProgram,
};

/** Which mini program holds this page, as far as its script is there. @returns {'wechat' | 'alipay' | 'douyin' | null} */
export function hostOf(globals = globalThis) {
  return Object.keys(HOSTS).find((name) => HOSTS[name](globals)) ?? null;
}

/**
 * May the person be sent to `address`? Only http(s), and only where one of the prefixes says so: scheme, host and port equal, path at or below.
 * @param {string} address @param {string[]} prefixes absolute URLs @returns {string | null} the address as the browser reads it
 */
export function returnAddress(address, prefixes) {
  const target = parsed(address);
  if (!target || !['https:', 'http:'].includes(target.protocol) || target.username || target.password) return null;
  const allowed = prefixes.map(parsed).some((prefix) => {
    if (!prefix || prefix.origin !== target.origin) return false;
    const folder = prefix.pathname.endsWith('/') ? prefix.pathname : `${prefix.pathname}/`;
    return target.pathname === prefix.pathname || target.pathname.startsWith(folder);
  });
  return allowed ? target.href : null;
}

/** @param {string} address an absolute URL, or nothing: what is relative would be read against this page */
function parsed(address) {
  try {
    return new URL(address);
  } catch {
    return null;
  }
}

/**
 * Ends the page's part: tells the host, then goes back, or to the return address, or nowhere.
 * @param {{status: 'done' | 'cancelled' | 'failed', url?: string | null, page?: string | null}} how `url` from `returnAddress`; `page` a path of the mini program
 * @param {typeof globalThis} [globals]
 * @returns {'message' | 'address' | 'stay'}
 */
export function finish({ status, url = null, page = null }, globals = globalThis) {
  const name = hostOf(globals);
  if (name) {
    const host = HOSTS[name](globals);
    const data = { faceid: { status } };
    // Alipay hands the object on as it is, the others look into `data`.
    host.postMessage(name === 'alipay' ? data : { data });
    if (page) host.redirectTo({ url: `${page}${page.includes('?') ? '&' : '?'}faceid=${status}` });
    else host.navigateBack({ delta: 1 });
    return 'message';
  }
  if (!url) return 'stay';
  const target = new URL(url);
  target.searchParams.set('faceid', status);
  globals.location.replace(target.href);
  return 'address';
}
