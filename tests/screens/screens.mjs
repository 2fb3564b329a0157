/**
 * Pictures of every screen: `node screens.mjs OUT [--only TEXT] [--picture FILE]`. Each state of the element, the demo page, /check/ and /h5/ in three
 * sizes and both colour schemes, and a 320 px phone in German, Arabic and Chinese; a contact sheet per set. `--only` takes the sets whose name holds the
 * text; `--picture` makes nothing but the picture of the README. The sitter is drawn by the states page: no person's photograph is in any of them.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { launch, serve } from '../browser/harness.mjs';
import { contactSheet, threePhones } from './sheet.mjs';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { only: { type: 'string', default: '' }, picture: { type: 'string' } } });
const [out] = positionals;
if (!out && !values.picture) {
  console.error('usage: node screens.mjs OUT [--only TEXT] [--picture FILE]');
  process.exit(2);
}
/** Width and height of a screen, its language and its colour scheme. */
const SETS = [
  ...[[390, 844], [844, 390], [1280, 800]].flatMap(([width, height]) => ['light', 'dark'].map((scheme) => ({ width, height, scheme, lang: 'en' }))),
  ...['de', 'ar', 'zh'].map((lang) => ({ width: 320, height: 568, scheme: 'light', lang })),
].map((set) => ({ ...set, name: `${set.width}x${set.height}-${set.lang}-${set.scheme}` }));
/** The pages around the element, and what is done there before the picture is taken. */
const PAGES = [
  { name: 'welcome', path: '/?' },
  { name: 'after', path: '/?', act: throughTheDemo },
  { name: 'check', path: '/check/?' },
  { name: 'check-tried', path: '/check/?', act: tryTheDevice },
  { name: 'h5', path: '/h5/?' },
  { name: 'h5-done', path: '/h5/?', act: (page) => play(page, '#check', 'pass') },
  { name: 'h5-failed', path: '/h5/?', act: (page) => play(page, '#check', 'network') },
];
/** What the README shows. */
const PICTURED = ['align', 'nod', 'success'];

const json = (value) => (_, response) => response.end(JSON.stringify(value));
const server = await serve({
  '/api/config': json({ cloud: '', presets: [{ name: '张三', idcard_number: '11010119900307001X' }] }),
  '/api/start': json({ id: 'demo', biz_token: 'token' }),
  '/api/result': json({ result_code: 1000, result_message: 'SUCCESS', biz_no: 'demo' }),
});
const browser = await launch();
try {
  if (values.picture) await picture(values.picture);
  else for (const set of SETS.filter(({ name }) => name.includes(values.only))) await shoot(set);
} finally {
  await browser.close();
  await server.close();
}

/** Every screen of one set, and their contact sheet. */
async function shoot(set) {
  const folder = join(out, set.name);
  await mkdir(folder, { recursive: true });
  const page = await open(set);
  const shots = [];
  const take = async (name) => {
    const path = join(folder, `${name}.png`);
    await page.screenshot({ path });
    shots.push({ name, image: await readFile(path) });
  };
  for (const { name, path, act } of PAGES) {
    await show(page, `${path}lang=${set.lang}`);
    await act?.(page);
    await take(name);
  }
  await show(page, `/states.html?bare=1&state=idle&lang=${set.lang}`);
  for (const state of await page.evaluate(() => globalThis.__states)) {
    await show(page, `/states.html?bare=1&state=${state}&lang=${set.lang}`);
    await take(state);
  }
  await page.close();
  await writeFile(join(out, `${set.name}.png`), await contactSheet(browser, set, shots));
  console.log(`${set.name}: ${shots.length} screens`);
}

/** From the form to what the backend learned. */
async function throughTheDemo(page) {
  await page.check('#consent');
  await page.evaluate(async () => {
    const { script } = await import('/faceid/testkit/index.js');
    script(document.getElementById('liveness'), 'pass', { wait: async () => {} });
  });
  await page.click('#start');
  await page.waitForSelector('[data-page=after]');
}

async function tryTheDevice(page) {
  await page.click('#try');
  await page.waitForSelector('#result[data-done]', { timeout: 60_000 });
  await page.locator('#result').scrollIntoViewIfNeeded();
}

/** An attempt of the testkit, to its end. */
async function play(page, element, scenario) {
  await page.evaluate(async ({ element, scenario }) => {
    const { script } = await import('/faceid/testkit/index.js');
    const node = document.querySelector(element);
    script(node, scenario, { wait: async () => {} });
    await node.start({ bizToken: 'token' });
  }, { element, scenario });
}

/** Three moments of an attempt beside each other. */
async function picture(file) {
  const page = await open({ width: 360, height: 700, scheme: 'light', sharp: 2 });
  const images = [];
  for (const state of PICTURED) {
    await show(page, `/states.html?bare=1&state=${state}&lang=en`);
    images.push(await page.screenshot());
  }
  await page.close();
  await writeFile(file, await threePhones(browser, images));
}

/** Nothing moves, so that the same screen gives the same picture. */
async function open({ width, height, scheme, sharp = 1 }) {
  const page = await browser.newPage({ viewport: { width, height }, deviceScaleFactor: sharp, colorScheme: scheme, reducedMotion: 'reduce' });
  page.on('console', (m) => m.type() === 'error' && console.error(m.text()));
  page.on('pageerror', (e) => console.error(e));
  return page;
}

async function show(page, path) {
  await page.goto(server.url + path);
  await page.waitForSelector('[data-ready], [data-configured]');
  // The drawn sitter arrives as a camera's picture would.
  await page.waitForTimeout(250);
}
