/**
 * The page for web-views: `/h5/#biz_token=…&return=https://…&lang=…&page=/pages/x`. The token is taken out of the address before anything is asked of
 * anybody. Where a host drops fragments the same names work in the query. A return address is followed only if the cloud's
 * authenticated reply to init names a prefix of it. config.json beside it, written by whoever runs the server: `server` (empty: this origin),
 * `scripts` (`wechat`, `alipay`, `douyin`: copies of the hosts' own scripts on this origin; nothing is fetched from elsewhere).
 */
import '../faceid/element/index.js';
import { finish, returnAddress } from '../faceid/lib/bridge.js';
import { checkSupport } from '../faceid/lib/support.js';
import { loadTexts, textsFor } from '../faceid/element/texts.js';

const given = parameters();
// Before the first request, so that no header, log or script of a host sees the token.
history.replaceState(null, '', location.pathname);

const $ = (id) => document.getElementById(id);
const element = $('check');
const lang = given.lang || navigator.language;
await loadTexts(lang);
const texts = textsFor(lang);
const config = await fetch('config.json', { referrerPolicy: 'no-referrer' }).then((r) => r.json()).catch(() => ({}));
let url = null;
let status = 'cancelled';

document.documentElement.lang = texts.lang;
document.documentElement.dir = texts.dir ?? 'ltr';
document.title = texts.ui.title;
$('title').textContent = texts.ui.title;
$('back').textContent = texts.ui.back;
element.setAttribute('lang', texts.lang);
if (config.server) element.setAttribute('server', config.server);
element.options = { bizToken: given.biz_token };
await hostScript();

const { supported, findings } = checkSupport();
if (!supported) {
  $('help').textContent = `${texts.camera.unsupported} (${findings.map((f) => f.test).join(', ')})`;
  leave('failed');
}
element.addEventListener('state', () => {
  url ??= returnAddress(given.return, element.liveness?.returnPrefixes ?? []);
});
element.addEventListener('closed', ({ detail }) => {
  const passed = detail.code === 51000;
  leave(passed ? 'done' : detail.message === 'USER_CANCEL' ? 'cancelled' : 'failed');
  // A person sees the sign first.
  if (passed) setTimeout(() => finish({ status, url, page: given.page }), 1600);
});
// One token is one attempt: a new one comes from the app.
element.addEventListener('retry', (event) => {
  event.preventDefault();
  finish({ status, url, page: given.page });
});
$('back').addEventListener('click', () => finish({ status, url, page: given.page }));
document.body.dataset.ready = 'true';

function leave(how) {
  status = how;
  $('back').hidden = false;
}

/** @returns {{biz_token: string, return: string, lang: string, page: string | null}} */
function parameters() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const query = new URLSearchParams(location.search);
  const one = (name) => fragment.get(name) ?? query.get(name) ?? '';
  const page = one('page');
  return { biz_token: one('biz_token'), return: one('return'), lang: one('lang'), page: /^\/[\w/-]+$/.test(page) ? page : null };
}

/** The host's own script, from this origin, and only inside that host. */
async function hostScript() {
  const { container } = checkSupport();
  const name = { 'wechat-mini': 'wechat', wechat: 'wechat', alipay: 'alipay', 'douyin-mini': 'douyin', douyin: 'douyin' }[container?.id];
  const path = name && config.scripts?.[name];
  if (!path || new URL(path, location.href).origin !== location.origin) return;
  await new Promise((resolve) => {
    const script = Object.assign(document.createElement('script'), { src: path });
    script.addEventListener('load', resolve);
    script.addEventListener('error', resolve);
    document.head.append(script);
  });
}
