/** The element by itself: registration, texts, accessibility, looks under the strict policy. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { sharedBrowser, sharedServer } from './harness.mjs';

const browser = await sharedBrowser();
const server = await sharedServer({ '/api/config': (_, response) => response.end('{"cloud":"","presets":[]}') });

/** A look of the element, with everything the page complained about. */
async function open(query, options = {}) {
  const page = await browser.newPage(options);
  const problems = [];
  page.on('console', (m) => ['error', 'warning'].includes(m.type()) && problems.push(m.text()));
  page.on('pageerror', (e) => problems.push(String(e)));
  await page.goto(`${server.url}/states.html?bare=1&${query}`);
  await page.waitForSelector('[data-ready]');
  return { page, problems };
}

const STATES = ['idle', 'loading', 'permission', 'tap', 'align', 'cameras', 'calibrate', 'nod', 'shake', 'blink', 'mouth', 'hurry', 'uploading', 'verdict', 'success', 'failure', 'different', 'denied', 'network'];
for (const [width, height] of [[390, 844], [844, 390], [1280, 800], [320, 568]]) {
  test(`every look fits ${width}x${height} and breaks no policy`, async () => {
    for (const state of STATES) {
      const { page, problems } = await open(`state=${state}&lang=en`, { viewport: { width, height } });
      const seen = await page.evaluate(() => {
        const root = document.getElementById('liveness').shadowRoot;
        const inside = (node) => {
          const box = node.getBoundingClientRect();
          return box.width === 0 || (box.left >= -0.5 && box.top >= -0.5 && box.right <= innerWidth + 0.5 && box.bottom <= innerHeight + 0.5);
        };
        const visible = ['.prompt', '.sentence', '.guide', '.oval', '.cancel', '.cameras', '.bar', '.countdown span', '.buttons button', '.figure'].flatMap((s) => [...root.querySelectorAll(s)]);
        return {
          prompt: root.querySelector('.prompt').textContent,
          outside: visible.filter((n) => !inside(n)).map((n) => n.className.baseVal ?? n.className ?? n.tagName),
          wide: document.documentElement.scrollWidth > innerWidth,
          inline: root.querySelectorAll('[style]').length,
        };
      });
      assert.ok(seen.prompt, `${state} says something`);
      assert.deepEqual(seen.outside, [], `${state} at ${width}x${height}`);
      assert.equal(seen.wide, false, state);
      assert.equal(seen.inline, 0, 'no inline style');
      assert.deepEqual(problems, [], state);
      await page.close();
    }
  });
}

test('prompts reach the live region, in the language of the attribute', async () => {
  for (const [lang, words] of [['en', 'Step 2 of 3. Shake your head slowly'], ['zh', '第 2 步，共 3 步。请缓慢摇头']]) {
    const { page } = await open(`state=shake&lang=${lang}`);
    await page.waitForFunction((w) => document.getElementById('liveness').shadowRoot.querySelector('[role=status]').textContent === w, words);
    await page.close();
  }
});

test('guidance is announced at most once per pause, and only what still holds', async () => {
  const { page } = await open('state=align&lang=en');
  const said = await page.evaluate(async () => {
    const { Announcer } = await import('/faceid/element/announcer.js');
    const node = document.createElement('p');
    const said = [];
    new MutationObserver(() => said.push([Math.round(performance.now()), node.textContent])).observe(node, { childList: true });
    const announcer = new Announcer(node, 500);
    const started = performance.now();
    while (performance.now() - started < 2200) {
      announcer.later(['closer', 'brighter'][Math.floor((performance.now() - started) / 1500)]);
      await new Promise((resolve) => setTimeout(resolve, 700));
    }
    await new Promise((resolve) => setTimeout(resolve, 900));
    return said;
  });
  assert.deepEqual(said.map(([, text]) => text), ['closer', 'brighter']);
  await page.close();
});

test('reduced motion stops every animation', async () => {
  for (const state of ['nod', 'shake', 'blink', 'mouth', 'hurry', 'uploading', 'loading']) {
    const { page } = await open(`state=${state}`, { reducedMotion: 'reduce' });
    const running = await page.evaluate(() => document.getElementById('liveness').shadowRoot.getAnimations().filter((a) => a.playState === 'running').length);
    assert.equal(running, 0, state);
    await page.close();
  }
});

test('keyboard: cancel and retry are buttons with names, the end takes the focus', async () => {
  const { page } = await open('state=failure&lang=en');
  const focus = await page.evaluate(() => document.getElementById('liveness').shadowRoot.activeElement?.textContent);
  assert.equal(focus, 'Try again');
  await page.goto(`${server.url}/states.html?bare=1&state=nod&lang=en`);
  await page.waitForSelector('[data-ready]');
  assert.equal(await page.getByRole('button', { name: 'Cancel' }).count(), 1);
  assert.equal(await page.getByRole('progressbar').getAttribute('aria-valuetext'), 'Step 1 of 3');
  await page.close();
});

test('retry asks the page, or the token provider', async () => {
  const { page } = await open('state=failure&lang=en');
  const asked = await page.evaluate(async () => {
    const element = document.getElementById('liveness');
    const calls = [];
    element.tokenProvider = async () => {
      calls.push('provider');
      return 'bad token';
    };
    element.addEventListener('retry', (event) => {
      calls.push('retry');
      if (calls.length === 1) event.preventDefault();
    });
    const press = () => element.shadowRoot.querySelector('.buttons button').click();
    press();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const ended = new Promise((resolve) => element.addEventListener('error', (e) => resolve(e.detail.message), { once: true }));
    press();
    return [await ended, ...calls];
  });
  assert.deepEqual(asked, ['ILLEGAL_PARAMETER', 'retry', 'retry', 'provider'], 'a page that prevents the default brings its own token');
  await page.close();
});

test('defining twice and importing without a browser do no harm', async () => {
  const { page, problems } = await open('state=idle');
  await page.evaluate(async () => {
    const { define } = await import('/faceid/element/index.js');
    define();
    define('faceid-liveness');
  });
  assert.deepEqual(problems, []);
  await page.close();
  const { pathToFileURL } = await import('node:url');
  const { DIST } = await import('./harness.mjs');
  const module = await import(pathToFileURL(`${DIST}/faceid/element/index.js`).href);
  assert.equal(typeof module.FaceIdLivenessElement, 'function');
});

test('the demo page starts only with consent and both fields', async () => {
  const page = await browser.newPage();
  await page.goto(`${server.url}/?lang=en`);
  await page.click('#start');
  assert.match(await page.textContent('#problem'), /fill in/);
  await page.fill('#name', 'A');
  await page.fill('#id-number', '1');
  await page.click('#start');
  assert.match(await page.textContent('#problem'), /consent/);
  await page.check('#consent');
  await page.click('#start');
  await page.waitForFunction(() => /could not be started/.test(document.getElementById('problem').textContent));
  await page.click('#language');
  assert.equal(await page.getAttribute('html', 'lang'), 'zh-CN');
  await page.close();
});

test('the support check needs no camera and names what is missing', async () => {
  const { page } = await open('state=idle');
  const both = await page.evaluate(async () => {
    const { checkSupport } = await import('/faceid/lib/support.js');
    const here = checkSupport();
    Object.defineProperty(navigator, 'mediaDevices', { value: undefined });
    return [here, checkSupport()];
  });
  assert.equal(both[0].supported, true, JSON.stringify(both[0]));
  assert.deepEqual(both[1].missing, ['camera']);
  await page.close();
});
