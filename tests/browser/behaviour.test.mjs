/** What the element tells and lets others do: ends, permission, other actions, voice, slots, themes, tokens. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { elementPage, refusal, sharedBrowser, sharedServer } from './harness.mjs';
import { fakeCloud } from '../../pkg-config/testkit/cloud.js';

const faults = {};
const cloud = fakeCloud(faults);
const browser = await sharedBrowser();
const server = await sharedServer(cloud.routes);

/** A page with the element; keeps every event that reaches it, and whether it bubbled. */
async function open(query = 'state=idle', options = {}) {
  const page = await elementPage(browser, server, { query: `lang=en&${query}`, ...options });
  await page.evaluate(() => {
    globalThis.__told = [];
    const element = document.getElementById('liveness');
    for (const type of ['permission', 'submit', 'result', 'error', 'cancel', 'closed', 'retry', 'alternative-requested']) {
      element.addEventListener(type, ({ detail, bubbles }) => globalThis.__told.push({ ...detail, bubbles }));
    }
  });
  return page;
}
const told = (page) => page.evaluate(() => globalThis.__told);
const types = async (page) => (await told(page)).map(({ type, state }) => (state ? `${type} ${state}` : type));

test('ready or unsupported, never both', async () => {
  for (const [script, expected] of [['', ['ready']], ['delete globalThis.Worker', ['unsupported']]]) {
    const page = await browser.newPage();
    await page.addInitScript(() => {
      globalThis.__first = [];
      for (const type of ['ready', 'unsupported']) addEventListener(type, (event) => globalThis.__first.push(event.detail), true);
    });
    if (script) await page.addInitScript(script);
    await page.goto(`${server.url}/states.html?bare=1`);
    await page.waitForSelector('[data-ready]');
    const first = await page.evaluate(() => globalThis.__first);
    assert.deepEqual(first.map((d) => d.type), expected);
    if (script) assert.equal(first[0].findings[0].test, 'worker');
    await page.close();
  }
});

test('a refused camera: permission asked and denied, then error; it does not bubble', async () => {
  const page = await open();
  await page.evaluate(() => {
    globalThis.__refuse = 'NotAllowedError';
    return document.getElementById('liveness').start({ bizToken: 'token' });
  });
  assert.deepEqual(await types(page), ['permission asked', 'permission denied', 'closed', 'error']);
  assert.deepEqual((await told(page)).map(({ bubbles }) => bubbles), [true, true, true, false]);
  await page.close();
});

test('the cloud’s refusal is a result, a cancel is a cancel', async () => {
  const page = await open();
  faults.init = refusal;
  await page.evaluate(() => document.getElementById('liveness').start({ bizToken: 'token' }));
  delete faults.init;
  assert.deepEqual(await types(page), ['closed', 'result']);
  await page.evaluate(() => {
    const element = document.getElementById('liveness');
    globalThis.__told.length = 0;
    const outcome = element.start({ bizToken: 'token' });
    element.cancel();
    return outcome;
  });
  assert.deepEqual(await types(page), ['closed', 'cancel']);
  await page.close();
});

test('a token provider that fails, is cancelled, or is overtaken ends each start once', async () => {
  const page = await open();
  const outcomes = await page.evaluate(async () => {
    const element = document.getElementById('liveness');
    element.tokenProvider = () => Promise.reject(new Error('backend down'));
    const failed = await element.start();
    element.tokenProvider = () => new Promise(() => {});
    const cancelled = element.start();
    element.cancel();
    const overtaken = element.start();
    globalThis.__refuse = 'NotAllowedError';
    const last = element.start({ bizToken: 'token' });
    return (await Promise.all([failed, cancelled, overtaken, last])).map(({ message }) => message);
  });
  assert.deepEqual(outcomes, ['INIT_FAILED', 'USER_CANCEL', 'USER_CANCEL', 'NO_CAMERA_PERMISSION']);
  const ends = (await types(page)).filter((type) => ['result', 'error', 'cancel'].includes(type));
  assert.deepEqual(ends, ['error', 'cancel', 'cancel', 'error']);
  await page.close();
});

test('I can’t do this: the page may decide; else a new attempt leaves the action out', async () => {
  const page = await open('state=shake');
  const press = () => page.getByRole('button', { name: 'I can’t do this' }).click();
  await press();
  assert.deepEqual(await types(page), ['alternative-requested'], 'without a provider the page decides');
  const bodies = [];
  faults.init = (request, response, body) => {
    bodies.push(JSON.parse(body));
    refusal(request, response);
  };
  await page.evaluate(() => {
    document.getElementById('liveness').tokenProvider = async () => 'token';
  });
  const ended = page.evaluate(() => new Promise((resolve) => document.getElementById('liveness').addEventListener('result', resolve, { once: true })).then(() => true));
  await press();
  await ended;
  delete faults.init;
  assert.deepEqual(bodies[0].excluded_actions, ['shake']);
  const { action, excludedActions } = (await told(page)).filter((d) => d.type === 'alternative-requested')[1];
  assert.deepEqual([action, excludedActions], ['shake', ['shake']]);
  await page.close();
});

test('excluded-actions reach the cloud', async () => {
  const page = await open();
  const bodies = [];
  faults.init = (request, response, body) => {
    bodies.push(JSON.parse(body));
    refusal(request, response);
  };
  await page.evaluate(() => {
    const element = document.getElementById('liveness');
    element.setAttribute('excluded-actions', 'blink, mouth');
    return element.start({ bizToken: 'token' });
  });
  delete faults.init;
  assert.deepEqual(bodies[0].excluded_actions, ['blink', 'mouth']);
  await page.close();
});

test('voice: nothing unless asked for; then the prompt in its language, or the recorded file', async () => {
  for (const [attribute, lang, expected] of [[false, 'en', []], [true, 'en', ['en Nod your head']], [true, 'zh', ['zh-CN 请点点头']]]) {
    const page = await open(`state=idle&lang=${lang}`);
    const said = await page.evaluate(({ attribute, lang }) => {
      const said = [];
      Object.defineProperty(globalThis, 'speechSynthesis', { value: { speak: (u) => u.text && said.push(`${u.lang} ${u.text}`), cancel() {} } });
      const element = document.getElementById('liveness');
      element.lang = lang;
      element.toggleAttribute('voice', attribute);
      const attempt = Object.assign(new EventTarget(), { cancel() {}, state: 'act' });
      element.attach(attempt);
      attempt.dispatchEvent(new CustomEvent('prompt', { detail: { type: 'prompt', step: 1, of: 1, action: 'nod' } }));
      return said;
    }, { attribute, lang });
    assert.deepEqual(said, expected);
    await page.close();
  }
  const page = await open();
  const played = await page.evaluate(() => {
    const played = [];
    HTMLAudioElement.prototype.play = async function play() { played.push(this.src); };
    HTMLMediaElement.prototype.play = HTMLAudioElement.prototype.play;
    const element = document.getElementById('liveness');
    element.toggleAttribute('voice', true);
    element.recordedVoice = { nod: '/nod.mp3' };
    const attempt = Object.assign(new EventTarget(), { cancel() {}, state: 'act' });
    element.attach(attempt);
    attempt.dispatchEvent(new CustomEvent('prompt', { detail: { type: 'prompt', step: 1, of: 1, action: 'nod' } }));
    return played;
  });
  assert.deepEqual(played, [`${server.url}/nod.mp3`]);
  await page.close();
});

test('a child with a phase as its slot stands in for our words in that phase only', async () => {
  const page = await open('state=idle');
  await page.evaluate(() => {
    const mine = Object.assign(document.createElement('p'), { slot: 'idle', textContent: 'Our own welcome', id: 'mine' });
    document.getElementById('liveness').append(mine);
  });
  assert.equal(await page.locator('#mine').isVisible(), true);
  assert.equal(await page.locator('faceid-liveness .prompt').isVisible(), false);
  await page.evaluate(() => document.getElementById('liveness').attach(Object.assign(new EventTarget(), { cancel() {}, state: 'not_started' })));
  assert.equal(await page.locator('#mine').isVisible(), false);
  assert.equal(await page.locator('faceid-liveness .prompt').isVisible(), true);
  await page.close();
});

test('light and dark: the system decides, the attribute overrules it, a custom property overrules both', async () => {
  const background = (page) => page.evaluate(() => getComputedStyle(document.getElementById('liveness')).backgroundColor);
  const [light, dark] = ['rgb(246, 248, 249)', 'rgb(16, 22, 29)'];
  for (const [colorScheme, theme, expected] of [['light', '', light], ['dark', '', dark], ['light', 'dark', dark], ['dark', 'light', light]]) {
    const page = await open('state=idle', { colorScheme });
    await page.evaluate((theme) => theme && document.getElementById('liveness').setAttribute('theme', theme), theme);
    assert.equal(await background(page), expected, `${colorScheme} ${theme}`);
    await page.evaluate(() => document.getElementById('liveness').style.setProperty('--fl-background', 'rgb(1, 2, 3)'));
    assert.equal(await background(page), 'rgb(1, 2, 3)');
    await page.close();
  }
});

test('another language in the middle or after the end: the same screen, said in it', async () => {
  const page = await browser.newPage();
  const look = () => page.evaluate(() => {
    const root = document.getElementById('liveness').shadowRoot;
    return [root.querySelector('.stage').dataset.phase, ...['.prompt', '.guide', '.sentence'].map((s) => root.querySelector(s).textContent)];
  });
  for (const [state, expected] of [['shake', ['act', '请缓慢摇头', '请慢一点', '']], ['failure', ['failed', '暂未通过', '', '动作与提示不符，请看清提示后重试']]]) {
    await page.goto(`${server.url}/states.html?bare=1&state=${state}&lang=en`);
    await page.waitForSelector('[data-ready]');
    await page.evaluate(() => document.getElementById('liveness').setAttribute('lang', 'zh'));
    assert.deepEqual(await look(), expected);
  }
  await page.evaluate(async () => {
    const element = document.getElementById('liveness');
    const parent = element.parentElement;
    element.remove();
    await new Promise((resolve) => setTimeout(resolve));
    parent.append(element);
  });
  assert.equal((await look())[0], 'idle', 'taken out and put back it begins anew');
  await page.close();
});
