/** One bundler's sample: install the tarball, build, open in headless Chromium, let the simulated person do the actions. */
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { fakeCloud } from '../../pkg-config/testkit/cloud.js';
import { serve } from '../browser/harness.mjs';
import { injectPerson } from '../harness/person.mjs';

const call = promisify(execFile);
const ACTIONS = ['nod', 'mouth', 'blink'];
/** A loaded machine with two cores needs half of this. */
const PATIENCE_MS = 150_000;

/** Runs a program; the error holds the end of what it printed. */
async function program(folder, name, ...args) {
  try {
    await call(name, args, { cwd: folder, maxBuffer: 1 << 26, env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1', NG_CLI_ANALYTICS: 'false', CI: '1' } });
  } catch (error) {
    throw new Error(`${name} ${args.join(' ')}: ${`${error.stdout ?? ''}${error.stderr ?? ''}`.trim().slice(-1500) || error.message}`);
  }
}

/** The page of every sample whose tool brings none; `page` of its settings says what differs. */
function pageOf({ scripts = ['main.js'], assetBase }) {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Sample</title>
${scripts.map((script) => `    <script type="module" src="${script}"></script>`).join('\n')}
  </head>
  <body>
    <button id="start" type="button">Start</button>
    <faceid-liveness${assetBase ? ` asset-base="${assetBase}"` : ''}></faceid-liveness>
  </body>
</html>
`;
}

/**
 * A fresh copy of a sample with the tarball installed, built.
 * @returns {Promise<{root: string, settings: {tool: string, out: string, prefix: string, policy: 'strict' | 'blob' | 'hashes'}, version: string}>}
 */
export async function prepare(sample, work, tarball) {
  const folder = join(work, sample.split('/').pop());
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await cp(sample, folder, { recursive: true });
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  manifest.dependencies = { ...manifest.dependencies, 'faceid-liveness': `file:${resolve(tarball)}` };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest, null, 2));
  if (manifest.faceid.page) await writeFile(join(folder, 'index.html'), pageOf(manifest.faceid.page));
  await program(folder, 'npm', 'install', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error');
  await program(folder, 'npm', 'run', 'build');
  const { tool, out, prefix = '/', policy = 'strict' } = manifest.faceid;
  const version = JSON.parse(await readFile(join(folder, 'node_modules', tool, 'package.json'), 'utf8')).version;
  return { root: join(folder, out), settings: { tool, out, prefix, policy }, version };
}

/**
 * Opens a built page until its attempt has ended.
 * @param {import('playwright-core').Browser} browser
 * @param {{root: string, prefix: string, policy?: string | null}} site
 * @param {{sim: string, portrait: string}} person
 * @returns {Promise<{actions: string[], outcome: {code: number, message: string}, requests: string[], problems: string[]}>}
 */
export async function play(browser, { root, prefix, policy }, person) {
  const cloud = fakeCloud({}, ACTIONS);
  const server = await serve(cloud.routes, { root, prefix, policy });
  const page = await browser.newPage();
  const [actions, problems, requests] = [[], [], []];
  page.on('console', (m) => ['error', 'warning'].includes(m.type()) && problems.push(m.text()));
  page.on('pageerror', (e) => problems.push(String(e)));
  page.on('request', (r) => requests.push(r.url()));
  try {
    const ended = new Promise((resolve) => {
      page.exposeFunction('__faceidReport', ({ type, detail }) => {
        if (type === 'action') actions.push(detail.action);
        if (type === 'closed') resolve({ code: detail.code, message: detail.message });
      });
    });
    await injectPerson(page, person);
    await page.goto(`${server.url}${prefix}`);
    await page.click('#start', { timeout: 20_000 });
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no end after ${PATIENCE_MS / 1000} s; seen ${actions.join(', ') || 'no action'}; ${problems.join('; ')}`)), PATIENCE_MS);
    });
    const outcome = await Promise.race([ended, late]).finally(() => clearTimeout(timer));
    const live = await page.evaluate(() => window.__faceidHarness.liveTracks());
    if (live) problems.push(`${live} camera tracks still live`);
    return { actions, outcome, requests, problems };
  } finally {
    await page.close();
    await server.close();
  }
}

/** Nothing if the attempt went through every action without a word of complaint, else what was wrong. */
export function fault({ actions, outcome, problems }) {
  if (outcome.code !== 51000) return `${outcome.code} ${outcome.message}; ${problems.join('; ')}`;
  if (actions.join() !== ACTIONS.join()) return `actions ${actions.join()}`;
  return problems.length ? problems.join('; ') : '';
}
