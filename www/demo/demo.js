/** The demo page: welcome and consent, the element, then what the customer's own backend learned from get_result. */
import './faceid/element/index.js';
import { preload } from './faceid/lib/preload.js';
import { outcomeText } from './faceid/text/lookup.js';
import { words } from './words.js';

const $ = (/** @type {string} */ id) => document.getElementById(id);
const element = $('liveness');
let lang = /^zh/i.test(new URLSearchParams(location.search).get('lang') ?? navigator.language) ? 'zh' : 'en';
let text = words(lang);
/** Handle of the running check at the demo backend. */
let handle = '';
let consentedAt = 0;

speak();
drawPortrait();
configure();
// While the person reads and fills in the form.
preload();

$('language').addEventListener('click', () => {
  lang = lang === 'zh' ? 'en' : 'zh';
  speak();
});

$('form').addEventListener('submit', async (event) => {
  event.preventDefault();
  if (!$('name').value.trim() || !$('id-number').value.trim()) return problem(text.own.fill);
  if (!$('consent').checked) return problem(text.own.consentFirst);
  problem('');
  consentedAt = Date.now();
  $('start').disabled = true;
  try {
    const token = await newToken();
    page('run');
    await element.start({ bizToken: token, consent: { textId: `demo-${lang}-1`, ts: consentedAt } });
  } catch (error) {
    page('welcome');
    problem(error.message);
  } finally {
    $('start').disabled = false;
  }
});

element.tokenProvider = newToken;
element.options = { get consent() { return { textId: `demo-${lang}-1`, ts: consentedAt }; } };
element.addEventListener('closed', (event) => {
  const { code, message, retryable } = event.detail;
  // A failure that another try may cure stays on the element, with its coaching and its retry button.
  showResult(code, message, retryable && code !== 51000);
});

$('again').addEventListener('click', () => page('welcome'));

async function newToken() {
  const person = { name: $('name').value.trim(), idcard_number: $('id-number').value.trim() };
  const response = await fetch('/api/start', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(person) });
  const reply = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(`${text.own.refused} (${reply.error ?? response.status})`);
  handle = reply.id;
  return reply.biz_token;
}

async function showResult(code, message, stay) {
  const outcome = $('outcome');
  outcome.textContent = `${code} ${message}`;
  outcome.dataset.code = String(code);
  $('coaching').textContent = outcomeText(text, code, message).text;
  $('after-title').textContent = code === 51000 ? text.ui.success : text.ui.failure;
  const result = $('result');
  result.textContent = '…';
  delete result.dataset.done;
  if (handle) {
    const response = await fetch(`/api/result?id=${encodeURIComponent(handle)}`).catch(() => null);
    const body = await response?.json().catch(() => null);
    result.textContent = JSON.stringify(body ?? { error: 'BACKEND_UNREACHABLE' }, null, 2);
    result.dataset.json = JSON.stringify(body);
  }
  result.dataset.done = 'true';
  document.body.dataset.code = String(code);
  if (!stay) {
    // Leaves the element's own sign on the screen for a moment.
    setTimeout(() => {
      page('after');
      $('after-title').focus();
    }, 1600);
  }
}

async function configure() {
  const reply = await fetch('/api/config').then((r) => r.json()).catch(() => null);
  if (!reply) return;
  if (reply.cloud) element.setAttribute('server', reply.cloud);
  const [first] = reply.presets ?? [];
  if (first && !$('name').value) {
    $('name').value = first.name;
    $('id-number').value = first.idcard_number;
  }
  document.body.dataset.configured = 'true';
}

function speak() {
  text = words(lang);
  document.documentElement.lang = text.lang;
  document.title = text.ui.title;
  element.setAttribute('lang', text.lang);
  const fill = {
    title: text.ui.welcome, intro: text.ui.welcome_steps, 'name-label': text.ui.name, 'id-label': text.ui.id_number,
    'consent-text': text.ui.consent, start: text.ui.consent_accept, language: lang === 'zh' ? 'English' : '中文',
    again: text.ui.back, 'backend-label': text.own.backend,
  };
  for (const [id, words] of Object.entries(fill)) $(id).textContent = words;
  $('language').lang = lang === 'zh' ? 'en' : 'zh';
}

function page(name) {
  document.body.dataset.page = name;
  if (name === 'welcome') $('title').scrollIntoView();
}

function problem(words) {
  $('problem').textContent = words;
}

function drawPortrait() {
  const ns = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(ns, 'svg');
  svg.setAttribute('viewBox', '0 0 120 150');
  const add = (name, cls, attributes) => {
    const node = document.createElementNS(ns, name);
    node.setAttribute('class', cls);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    svg.append(node);
  };
  for (const start of [0, 1, 2]) {
    add('path', 'arc', { d: 'M60,6 A52,69 0 0 1 60,144 A52,69 0 0 1 60,6', pathLength: 100, 'stroke-dasharray': '29 100', 'stroke-dashoffset': -(start * 100) / 3 - 2 });
  }
  add('path', 'face', { d: 'M60,30 C84,30 94,48 92,72 C90,98 76,120 60,120 C44,120 30,98 28,72 C26,48 36,30 60,30 Z' });
  add('circle', 'dot', { cx: 47, cy: 70, r: 3.5 });
  add('circle', 'dot', { cx: 73, cy: 70, r: 3.5 });
  add('path', 'face', { d: 'M50,97 Q60,103 70,97' });
  $('portrait').append(svg);
}
