/** The testkit for integrators: every scenario through the element, in no time and without a camera; the Playwright fixture. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { DIST, elementPage, serve, sharedBrowser, sharedServer } from './harness.mjs';

const { SCENARIOS, eventsOf } = await import(pathToFileURL(join(DIST, 'faceid/testkit/index.js')).href);
const { outcomeText } = await import(pathToFileURL(join(DIST, 'faceid/text/lookup.js')).href);
const { default: en } = await import(pathToFileURL(join(DIST, 'faceid/text/en.js')).href);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const html = (body) => (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><html lang="en"><title>KYC</title><body>${body}</body></html>`);
/** An integrator's page. */
const KYC = `
import '/faceid/element/index.js';
const element = document.querySelector('faceid-liveness');
element.tokenProvider = async () => 'token';
element.addEventListener('result', ({ detail }) => detail.retryable || location.assign('/kyc/done'));
`;
const browser = await sharedBrowser();
const server = await sharedServer();

test('every ending is a row of the table, with the table’s own blame', () => {
  for (const scenario of SCENARIOS) {
    const { code, message, blame, retryable } = eventsOf(scenario).at(-1);
    const row = en.outcomes[`${code} ${message}`];
    assert.ok(row, scenario);
    assert.equal(outcomeText(en, code, message), row);
    assert.deepEqual({ blame, retryable }, { blame: row.blame, retryable: row.retryable }, scenario);
  }
  assert.throws(() => eventsOf('win'), /no scenario is called win/);
});

test('all scenarios through the element: one end each, the right kind, no camera, under a second', async () => {
  const page = await elementPage(browser, server);
  const { ends, ms } = await page.evaluate(async () => {
    const { SCENARIOS, script } = await import('/faceid/testkit/index.js');
    const element = document.getElementById('liveness');
    element.tokenProvider = async () => 'token';
    const ends = {};
    let current = '';
    for (const type of ['action', 'result', 'error', 'cancel']) element.addEventListener(type, () => ends[current].push(type));
    const begun = performance.now();
    script(element, () => current, { wait: async () => {} });
    for (current of SCENARIOS) {
      ends[current] = [];
      await element.start();
    }
    return { ends, ms: performance.now() - begun };
  });
  assert.deepEqual(ends, {
    pass: ['action', 'action', 'action', 'result'], 'other-person': ['action', 'action', 'action', 'result'], 'wrong-action': ['action', 'action', 'action', 'result'],
    attack: ['action', 'action', 'action', 'result'], 'token-used': ['result'], 'no-permission': ['error'], 'no-camera': ['error'], network: ['action', 'error'], cancel: ['cancel'],
  });
  assert.ok(ms < 1000, `${ms} ms`);
  assert.equal(await page.evaluate(() => globalThis.__tracks.length), 0);
  await page.close();
});

test('the Playwright sample of docs/testing.md passes as it stands, three actions included, each test within 30 s', async () => {
  const { [1]: spec } = /```js\n(\/\/ tests\/kyc\.spec\.mjs\n[\s\S]+?)```/.exec(await readFile(join(ROOT, 'docs/testing.md'), 'utf8'));
  const project = await mkdtemp(join(tmpdir(), 'faceid-playwright-'));
  const pages = await serve({
    '/kyc': html('<script type="module" src="/kyc.js"></script><faceid-liveness lang="en"></faceid-liveness>'),
    '/kyc/done': html('<p>Done</p>'),
    '/kyc.js': (_, response) => response.writeHead(200, { 'content-type': 'text/javascript' }).end(KYC),
  });
  try {
    for (const [name, target] of [['faceid-liveness', join(DIST, 'faceid')], ['@playwright/test', join(ROOT, 'tests/node_modules/@playwright/test')]]) {
      await mkdir(dirname(join(project, 'node_modules', name)), { recursive: true });
      await symlink(resolve(target), join(project, 'node_modules', name));
    }
    const launchOptions = { executablePath: process.env.FACEID_CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] };
    await writeFile(join(project, 'playwright.config.mjs'), `export default ${JSON.stringify({ testDir: '.', workers: 1, timeout: 30_000, expect: { timeout: 15_000 }, use: { baseURL: pages.url, launchOptions } })};\n`);
    await writeFile(join(project, 'kyc.spec.mjs'), spec);
    const { stdout } = await promisify(execFile)(process.execPath, [join(ROOT, 'tests/node_modules/@playwright/test/cli.js'), 'test', '--reporter=line'], { cwd: project, env: { ...process.env, CI: '1' } })
      .catch(({ stdout, stderr }) => assert.fail(`${stdout}${stderr}`.slice(-3000)));
    const [line] = /3 passed \(.+\)/.exec(stdout) ?? assert.fail(stdout);
    console.log(`testkit: the sample's tests: ${line}`);
  } finally {
    await pages.close();
    await rm(project, { recursive: true });
  }
});

test('a camera of the test’s own pictures and a cloud that says yes: the real engine looks at them', async () => {
  const page = await browser.newPage();
  const { livenessOf } = await import(pathToFileURL(join(DIST, 'faceid/testkit/playwright.js')).href);
  const liveness = await livenessOf(page);
  const picture = await page.screenshot();
  const asked = [];
  await liveness.camera(({ ms }) => {
    asked.push(ms);
    return picture;
  });
  const { calls } = await liveness.cloud();
  await page.goto(`${server.url}/states.html?bare=1&state=idle&lang=en`);
  await page.waitForSelector('[data-ready]');
  const guided = page.evaluate(() => new Promise((resolve) => {
    addEventListener('guidance', ({ detail }) => detail.guidance && resolve(detail.guidance));
    addEventListener('closed', ({ detail }) => resolve(detail.message));
  }));
  await page.evaluate(() => document.getElementById('liveness').start({ bizToken: 'token' }).catch(() => {}) && undefined);
  assert.equal(await guided, 'no_face');
  await page.evaluate(() => document.getElementById('liveness').cancel());
  assert.equal((await liveness.outcome()).message, 'USER_CANCEL');
  const { width, height } = liveness.events.find(({ type }) => type === 'camera');
  assert.deepEqual([width, height], [640, 480]);
  assert.equal(calls[0], 'init');
  assert.ok(asked.length > 2 && asked.every((ms, i) => i === 0 || ms >= asked[i - 1]), asked.join());
  await page.close();
});
