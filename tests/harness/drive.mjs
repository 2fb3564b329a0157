/** Drives the demo page to its end with a person before the camera. See options.mjs for the command line. */
import { access, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';
import { USAGE, options } from './options.mjs';
import { injectPerson, listening } from './person.mjs';
import { watchTasks } from './tasks.mjs';

let settings;
try {
  settings = options(process.argv.slice(2));
} catch (error) {
  console.error(`drive: ${error.message}\n${USAGE}`);
  process.exit(2);
}

const log = (text) => console.error(`drive: ${text}`);
let browser;
try {
  browser = await launch(settings);
  const summary = await drive(browser, settings);
  console.log(JSON.stringify(summary));
} catch (error) {
  log(`failed: ${error.message}`);
  process.exitCode = 1;
} finally {
  await browser?.close().catch(() => {});
}

async function launch({ camera }) {
  const path = process.env.FACEID_CHROMIUM ?? '/usr/bin/chromium';
  await access(path).catch(() => {
    throw new Error(`no Chromium at ${path}; set FACEID_CHROMIUM`);
  });
  const flags = [
    '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
    // A page in an unfocused window must not be slowed down.
    '--disable-background-timer-throttling', '--disable-renderer-backgrounding', '--disable-backgrounding-occluded-windows',
  ];
  if (camera) {
    const file = resolve(camera);
    await access(file).catch(() => {
      throw new Error(`no camera file ${file}`);
    });
    flags.push('--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', `--use-file-for-fake-video-capture=${file}`);
  }
  // Playwright makes a fresh profile and starts headless.
  return chromium.launch({ executablePath: path, args: flags, headless: true, timeout: 60_000 });
}

async function drive(browser, settings) {
  const deadline = Date.now() + settings.timeout;
  const left = () => Math.max(1, deadline - Date.now());
  const context = await browser.newContext({ viewport: { width: 412, height: 860 }, locale: settings.lang ?? 'en', permissions: ['camera'] });
  const page = await context.newPage();
  const actions = [];
  let outcome = null;
  /** Share of the evidence that had arrived when the verdict was waited for. */
  let arrived = null;
  let uploaded = 0;
  const shoot = await camera(page, settings.screenshots);

  const broken = new Promise((_, reject) => {
    page.on('crash', () => reject(new Error('the page crashed')));
    page.on('close', () => reject(new Error('the page closed')));
  });
  // Closing the browser at the end rejects it once more, when nobody listens.
  broken.catch(() => {});
  page.on('pageerror', (error) => log(`page error: ${error.message}`));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) log(`console ${message.type()}: ${message.text()}`);
  });
  page.on('requestfailed', (request) => log(`request failed: ${request.method()} ${new URL(request.url()).pathname} ${request.failure()?.errorText}`));

  await page.exposeFunction('__faceidReport', async ({ t, type, detail }) => {
    console.error(JSON.stringify({ t, type, detail }));
    if (type === 'action') actions.push(detail?.action);
    if (type === 'upload') uploaded = detail?.fraction;
    if (type === 'state' && detail?.state === 'await_verdict') arrived = uploaded;
    if (type === 'closed' || type === 'result') outcome = { code: detail?.code, message: detail?.message };
    await shoot(type, detail);
  });
  if (settings.camera) await page.addInitScript(await listening());
  else await injectPerson(page, settings);

  const tasks = settings.tasks ? await watchTasks(page) : null;

  const work = (async () => {
    await page.goto(settings.url, { timeout: left(), waitUntil: 'load' });
    await shoot('page');
    await begin(page, left());
    const result = await result_of(page, left);
    // Gives the page time to show the backend's answer.
    await page.waitForTimeout(settings.screenshots ? 2500 : 0);
    await shoot('after');
    const live = await page.evaluate(() => window.__faceidHarness?.liveTracks?.() ?? null);
    const drawn = await page.evaluate(() => ({ frames: window.__faceidHarness?.frames, ms: window.__faceidHarness?.drawMs }));
    if (drawn.frames) log(`${drawn.frames} frames drawn, ${(drawn.ms / drawn.frames).toFixed(1)} ms each`);
    if (live) throw new Error(`${live} camera tracks are still live after the end`);
    if (arrived !== null && arrived !== 1) throw new Error(`the verdict was waited for when ${arrived} of the evidence was said to have arrived`);
    const mainThread = tasks ? { mainThread: await tasks() } : {};
    return { result, actions, outcome, ...mainThread, ...(settings.camera ? {} : { seed: settings.seed }) };
  })();
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no result after ${settings.timeout / 1000} s`)), settings.timeout);
  });
  try {
    return await Promise.race([work, broken, late]);
  } catch (error) {
    await shoot('failed').catch(() => {});
    work.catch(() => {});
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Consent and start. */
async function begin(page, timeout) {
  const start = page.locator('[data-testid=start], #start').first();
  await start.waitFor({ state: 'visible', timeout });
  await page.waitForFunction(() => document.body.dataset.configured === 'true' || !document.querySelector('#form'), null, { timeout });
  const consent = page.locator('[data-testid=consent], #consent').first();
  if (await consent.count()) await consent.check({ timeout });
  await start.click({ timeout });
  log('started');
}

/** What the demo backend learned from get_result. */
async function result_of(page, left) {
  const handle = await page.waitForFunction(
    () => {
      const problem = document.querySelector('#problem')?.textContent?.trim();
      if (problem) return { problem };
      const result = document.querySelector('[data-testid=result], #result');
      if (!result || (result.dataset.done ?? 'true') !== 'true') return null;
      const text = result.dataset.json ?? result.textContent.trim();
      try {
        return { result: JSON.parse(text) };
      } catch {
        // Still empty, or an ellipsis while the backend is asked.
        return null;
      }
    },
    null,
    { timeout: left(), polling: 200 },
  );
  const { problem, result } = await handle.jsonValue();
  if (problem) throw new Error(`the page refused to start: ${problem}`);
  if (result === null || typeof result !== 'object') throw new Error('the demo backend gave no result');
  return result;
}

/** Screenshots by event, numbered in order; nothing without a folder. */
async function camera(page, folder) {
  if (!folder) return async () => {};
  await mkdir(folder, { recursive: true });
  let index = 0;
  return async (type, detail) => {
    const name = [type, detail?.state, detail?.action, detail?.guidance, detail?.code].filter(Boolean).join('-').replace(/[^a-z0-9-]/gi, '_');
    const path = join(folder, `${String(++index).padStart(2, '0')}-${name}.png`);
    // Waits for the picture: the next event may follow at once.
    await page.screenshot({ path, timeout: 10_000 }).catch((error) => log(`screenshot: ${error.message}`));
  };
}
