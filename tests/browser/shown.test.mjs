/** What the element shows of time and upload: the countdown of an action, on a clock of the test's own, and the bar while evidence is sent. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { sharedBrowser, sharedServer } from './harness.mjs';

const browser = await sharedBrowser();
const server = await sharedServer();

/** The element with an attempt whose events the test sends, and everything that the live region has said. */
async function open({ lang = 'en', ...options } = {}) {
  const page = await browser.newPage(options);
  await page.clock.install({ time: 0 });
  await page.goto(`${server.url}/states.html?bare=1&state=idle&lang=${lang}`);
  await page.waitForSelector('[data-ready]');
  await page.clock.pauseAt(3_600_000);
  await page.evaluate(() => {
    const element = document.getElementById('liveness');
    const attempt = Object.assign(new EventTarget(), { cancel() {}, state: 'act' });
    globalThis.__send = (detail) => attempt.dispatchEvent(new CustomEvent(detail.type, { detail }));
    element.attach(attempt);
    globalThis.__said = [];
    const live = element.shadowRoot.querySelector('[role=status]');
    new MutationObserver(() => globalThis.__said.push(live.textContent)).observe(live, { childList: true });
  });
  return page;
}
const send = (page, ...events) => page.evaluate((events) => events.forEach((event) => globalThis.__send(event)), events);
const state = (name) => ({ type: 'state', state: name });
const prompt = (leftMs, step = 1) => ({ type: 'prompt', step, of: 3, action: 'nod', leftMs });
const said = (page) => page.evaluate(() => globalThis.__said);
const hide = (page, hidden) => page.evaluate((hidden) => Object.defineProperty(document, 'hidden', { get: () => hidden, configurable: true }), hidden);
/** Seconds told, whether they can be seen, and per cent of the line; null when nothing is shown. */
const time = (page) => page.evaluate(() => {
  const node = document.getElementById('liveness').shadowRoot.querySelector('.countdown');
  const number = node.querySelector('span');
  if (!node.checkVisibility()) return null;
  return [number.textContent, number.getBoundingClientRect().width > 20, Math.round(parseFloat(node.querySelector('path').getAttribute('stroke-dasharray')))];
});

test('the line grows shorter, the last five seconds have a number, and the action takes both away', async () => {
  const page = await open();
  assert.equal(await time(page), null, 'nothing before a prompt');
  await send(page, state('act'), prompt(20_000));
  assert.deepEqual(await time(page), ['20', false, 95]);
  await page.clock.runFor(14_000);
  assert.deepEqual(await time(page), ['6', false, 25]);
  await page.clock.runFor(1_000);
  assert.deepEqual(await time(page), ['5', true, 20]);
  await send(page, state('commit'));
  assert.equal(await time(page), null, 'the action was seen');
  await send(page, state('act'), prompt(9_000, 2));
  assert.deepEqual(await time(page), ['9', false, 89], 'each prompt has its own time');
  await page.clock.runFor(9_000);
  assert.equal(await time(page), null, 'over');
  await send(page, state('act'), prompt(undefined, 3));
  assert.equal(await time(page), null, 'a prompt that does not say how long shows no time');
  await page.close();
});

test('it is announced once, in words, and the hint that still holds after it', async () => {
  const page = await open();
  await send(page, state('act'), prompt(20_000));
  await page.clock.runFor(20_000);
  assert.deepEqual(await said(page), ['Step 1 of 3. Nod your head', 'A few seconds left']);
  await send(page, state('act'), prompt(20_000, 2), { type: 'guidance', guidance: 'slower' });
  await page.clock.runFor(20_000);
  assert.deepEqual((await said(page)).slice(2), ['Step 2 of 3. Nod your head', 'A little slower, please', 'A few seconds left', 'A little slower, please']);
  await send(page, state('act'), prompt(5_500, 3), { type: 'guidance', guidance: null });
  await page.clock.runFor(5_500);
  assert.deepEqual((await said(page)).slice(6), ['Step 3 of 3. Nod your head'], 'no time for more than the prompt');
  await page.close();
});

test('a hidden page: the time goes on, and is said once the page is back', async () => {
  const page = await open();
  await send(page, state('act'), prompt(20_000));
  await page.clock.runFor(14_000);
  await hide(page, true);
  // As a browser does it that lets no timer run meanwhile.
  await page.clock.fastForward(3_000);
  assert.deepEqual(await time(page), ['3', true, 10]);
  await page.clock.runFor(500);
  assert.deepEqual(await said(page), ['Step 1 of 3. Nod your head'], 'to nobody');
  await hide(page, false);
  await page.clock.runFor(1_000);
  assert.deepEqual(await time(page), ['2', true, 5]);
  assert.equal((await said(page)).at(-1), 'A few seconds left');
  await page.close();
});

test('the line moves by itself, or in steps for whoever wants less motion; its colour is a property and a part', async () => {
  for (const [reducedMotion, expected] of [['no-preference', '1s'], ['reduce', '0s']]) {
    const page = await open({ reducedMotion });
    await send(page, state('act'), prompt(20_000));
    const seen = await page.evaluate(async () => {
      const element = document.getElementById('liveness');
      const line = element.shadowRoot.querySelector('.countdown path');
      const colours = [getComputedStyle(line).stroke];
      element.style.setProperty('--fl-countdown', 'rgb(1, 2, 3)');
      colours.push(getComputedStyle(line).stroke);
      const sheet = new CSSStyleSheet();
      sheet.replaceSync('faceid-liveness::part(countdown) { color: rgb(4, 5, 6); }');
      document.adoptedStyleSheets = [sheet];
      colours.push(getComputedStyle(line).stroke);
      return { colours, duration: getComputedStyle(line).transitionDuration };
    });
    assert.equal(seen.duration, expected, reducedMotion);
    assert.deepEqual(seen.colours.slice(1), ['rgb(1, 2, 3)', 'rgb(4, 5, 6)']);
    assert.notEqual(seen.colours[0], seen.colours[1]);
    await page.close();
  }
});

test('the bar says how much has arrived while evidence is sent, from the right in Arabic, and says it to no live region', async () => {
  for (const [lang, name, direction] of [['en', 'Upload', 'ltr'], ['zh', '上传进度', 'ltr'], ['ar', 'تقدم الإرسال', 'rtl']]) {
    const page = await open({ lang });
    const bar = page.getByRole('progressbar', { name, exact: true });
    await send(page, state('act'), prompt(20_000));
    await page.waitForFunction((name) => document.getElementById('liveness').shadowRoot.querySelector('progress').getAttribute('aria-label') === name, name);
    assert.equal(await bar.count(), 0, 'not while the person acts');
    await send(page, state('submit'));
    await page.clock.runFor(500);
    assert.equal(await bar.count(), 0, 'unknown is no bar');
    const before = await said(page);
    for (const fraction of [0, 0.25, 1]) {
      await send(page, { type: 'upload', fraction });
      assert.deepEqual(await bar.evaluate((node) => [node.value, node.position, getComputedStyle(node).direction]), [fraction, fraction, direction]);
    }
    await page.clock.runFor(5_000);
    assert.deepEqual(await said(page), before);
    await send(page, state('await_verdict'));
    assert.equal(await bar.count(), 0, 'everything has arrived');
    await page.close();
  }
});

test('events of the attempt are events of the element', async () => {
  const page = await open();
  const heard = await page.evaluate(() => {
    const heard = [];
    for (const type of ['prompt', 'upload']) document.addEventListener(type, ({ detail }) => heard.push(detail));
    globalThis.__send({ type: 'prompt', step: 1, of: 1, action: 'nod', leftMs: 9_000 });
    globalThis.__send({ type: 'upload', fraction: 0.5 });
    return heard;
  });
  assert.deepEqual(heard, [{ type: 'prompt', step: 1, of: 1, action: 'nod', leftMs: 9_000 }, { type: 'upload', fraction: 0.5 }]);
  await page.close();
});
