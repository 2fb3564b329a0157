/** The translations: no key is missing or left over, placeholders are there, nothing is too long for a small phone, every language is reachable. */
import { after, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DIST, sharedBrowser, sharedServer } from './harness.mjs';

const SOURCE = new URL('../../www/text/locales/', import.meta.url);
const names = (await readdir(SOURCE)).filter((n) => n.endsWith('.json')).map((n) => n.slice(0, -5)).sort();
const load = async (path) => import(pathToFileURL(join(DIST, 'faceid', path)).href);
const { default: en } = await load('text/en.js');
const GROUPS = ['prompts', 'guidance', 'states', 'camera', 'ui'];
/** Characters at 320 px; scripts whose letters are twice as wide count double. */
const LIMITS = { prompts: 46, guidance: 64, states: 64, camera: 140, ui: 80 };
const wide = (text) => [...text].reduce((sum, c) => sum + (/[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uff00-\uffef]/.test(c) ? 2 : 1), 0);

const browser = await sharedBrowser();
const server = await sharedServer();
after(() => console.log(`locales: ${names.length} besides en and zh-CN`));

test('at least eighteen besides English and Chinese, right-to-left ones among them', () => {
  assert.ok(names.length >= 18, names.join());
  for (const name of ['ar', 'he', 'ur']) assert.ok(names.includes(name));
});

for (const name of names) {
  test(`${name}: same keys as English, nothing empty, nothing too long`, async () => {
    const locale = JSON.parse(await readFile(new URL(`${name}.json`, SOURCE), 'utf8'));
    assert.deepEqual(Object.keys(locale.outcomes).sort(), [...new Set(Object.values(en.outcomes).map((row) => row.text))].sort());
    for (const group of GROUPS) {
      assert.deepEqual(Object.keys(locale[group]).sort(), Object.keys(en[group]).sort(), group);
      for (const [key, text] of Object.entries(locale[group])) {
        assert.ok(text.trim() && !/\d|_/.test(text), `${group}.${key}`);
        assert.ok(wide(text) <= LIMITS[group], `${group}.${key}: ${wide(text)} characters: ${text}`);
      }
    }
    for (const text of Object.values(locale.outcomes)) assert.ok(text.trim() && wide(text) <= 160, text);
    assert.deepEqual(Object.keys(locale.own).sort(), ['cannot', 'step', 'stop', 'tap']);
    assert.match(locale.own.step, /\{i\}/);
    assert.match(locale.own.step, /\{n\}/);
    assert.equal(locale.dir === 'rtl', ['ar', 'he', 'ur'].includes(name));
    const { default: built } = await load(`text/${name}.js`);
    assert.deepEqual(Object.keys(built.outcomes), Object.keys(en.outcomes));
    assert.equal(built.outcomes['51000 SUCCESS'].retryable, false);
  });
}

test('tags find their language', async () => {
  const { LANGUAGES, languageOf } = await load('element/texts.js');
  assert.deepEqual([...LANGUAGES].sort(), ['en', 'zh-CN', ...names].sort());
  for (const [tag, language] of [['pt-BR', 'pt'], ['zh', 'zh-CN'], ['zh-Hant-HK', 'zh-TW'], ['zh_TW', 'zh-TW'], ['iw', 'he'], ['en-GB', 'en'], ['xx', 'en'], ['DE', 'de'], ['constructor', 'en']]) {
    assert.equal(languageOf(tag), language, tag);
  }
});

const STATES = ['idle', 'tap', 'align', 'nod', 'shake', 'blink', 'mouth', 'hurry', 'uploading', 'success', 'failure', 'different', 'denied', 'network'];
for (const name of [...names, 'en', 'zh']) {
  test(`${name} at 320 x 568: every screen speaks it and fits`, async () => {
    const page = await browser.newPage({ viewport: { width: 320, height: 568 }, reducedMotion: 'reduce' });
    await page.goto(`${server.url}/states.html?bare=1&state=idle&lang=${name}`);
    await page.waitForFunction((name) => document.getElementById('liveness').shadowRoot.querySelector('.stage').lang.startsWith(name), name);
    for (const state of STATES) {
      await page.evaluate((state) => globalThis.__show(state), state);
      const seen = await page.evaluate(() => {
        const root = document.getElementById('liveness').shadowRoot;
        const nodes = ['.prompt', '.sentence', '.guide', '.cancel', '.other', '.bar', '.buttons button'].flatMap((s) => [...root.querySelectorAll(s)]).filter((n) => n.getBoundingClientRect().width > 0);
        const outside = nodes.filter((n) => {
          const box = n.getBoundingClientRect();
          return box.left < -0.5 || box.right > innerWidth + 0.5 || box.top < -0.5 || box.bottom > innerHeight + 0.5 || n.scrollWidth > n.clientWidth + 1;
        });
        const shown = nodes.filter((n) => n.textContent || n.title);
        const touch = (a, b) => a.left < b.right - 0.5 && b.left < a.right - 0.5 && a.top < b.bottom - 0.5 && b.top < a.bottom - 0.5;
        const pairs = shown.flatMap((a, i) => shown.slice(i + 1).filter((b) => touch(a.getBoundingClientRect(), b.getBoundingClientRect())).map((b) => `${a.className} on ${b.className}`));
        return { pairs, outside: outside.map((n) => `${n.className}: ${n.textContent}`), wide: document.documentElement.scrollWidth > innerWidth, dir: getComputedStyle(root.querySelector('.stage')).direction };
      });
      assert.deepEqual(seen.outside, [], state);
      assert.deepEqual(seen.pairs, [], `${state}: nothing covers anything`);
      assert.equal(seen.wide, false, state);
      assert.equal(seen.dir, ['ar', 'he', 'ur'].includes(name) ? 'rtl' : 'ltr');
    }
    await page.close();
  });
}
