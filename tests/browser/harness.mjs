/** Shared parts of the browser tests: a static server with the strict policy, a browser, the element's page, counters. */
import { after } from 'node:test';
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { existsSync, statSync } from 'node:fs';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

export const DIST = process.env.FACEID_DIST ?? fileURLToPath(new URL('../../dist/', import.meta.url));
/** The policy that the package promises to work under. */
export const CSP = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; connect-src 'self'";
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.wasm': 'application/wasm', '.json': 'application/json', '.svg': 'image/svg+xml', '.mjs': 'text/javascript' };

/**
 * Serves `dist`, or another folder, under a prefix and a policy of one's own (null = none). `routes`: path → (request, response, body) handlers that go first; `overrides` may be changed while it runs.
 * @returns {Promise<{url: string, routes: Record<string, Function>, requests: string[], close: () => Promise<void>}>}
 */
export async function serve(routes = {}, { root = DIST, prefix = '/', policy = CSP } = {}) {
  const requests = [];
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://x').pathname);
    requests.push(`${request.method} ${path}`);
    if (policy) response.setHeader('content-security-policy', policy);
    response.setHeader('cache-control', 'no-store');
    const body = await new Promise((resolve) => {
      const chunks = [];
      request.on('data', (c) => chunks.push(c)).on('end', () => resolve(Buffer.concat(chunks)));
    });
    const name = Object.keys(routes).find((r) => r === path || (r.endsWith('*') && path.startsWith(r.slice(0, -1))));
    if (name) return routes[name](request, response, body);
    const file = join(root, normalize(path.endsWith('/') ? `${path}index.html` : path).slice(prefix.length - 1));
    if (!path.startsWith(prefix) || !file.startsWith(root) || !existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404).end('not found');
      return undefined;
    }
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
    return response.end(await readFile(file));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    prefix,
    routes,
    requests,
    close: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }),
  };
}

/** Chromium with a fake camera (its own test picture, or `file`). */
export function launch({ file, extra = [] } = {}) {
  return chromium.launch({
    executablePath: process.env.FACEID_CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
      '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', ...(file ? [`--use-file-for-fake-video-capture=${file}`] : []), ...extra,
    ],
  });
}

/** A browser for all tests of a file; options as for `launch`. Before the first test: when all that are named have ended, it is closed. */
export async function sharedBrowser(options) {
  const browser = await launch(options);
  after(() => browser.close());
  return browser;
}

/** A server for all tests of a file; arguments as for `serve`. */
export async function sharedServer(...how) {
  const server = await serve(...how);
  after(() => server.close());
  return server;
}

/** Answers with JSON. */
export const reply = (status, body) => (_, response) => void response.writeHead(status, { 'content-type': 'application/json' }).end(body);
/** The cloud's refusal of a token. */
export const refusal = reply(403, '{"code":54200,"message":"BIZ_TOKEN_DENIED"}');

/**
 * A page with nothing but the element, watched by `watchPage`. `prepare` is done before it goes there.
 * @param {import('playwright-core').Browser | import('playwright-core').BrowserContext} context
 * @param {Awaited<ReturnType<typeof serve>>} server
 * @param {{query?: string, prepare?: (page: import('playwright-core').Page) => unknown} & import('playwright-core').BrowserContextOptions} [options]
 */
export async function elementPage(context, server, { query = 'state=idle&lang=en', prepare, ...options } = {}) {
  const page = await context.newPage(options);
  await prepare?.(page);
  await page.addInitScript(watchPage);
  await page.goto(`${server.url}${server.prefix}states.html?bare=1&${query}`);
  await page.waitForSelector('[data-ready]');
  return page;
}

/** Waits until the element has told each of these. */
export const happened = (page, ...types) => page.waitForFunction((types) => types.every((type) => globalThis.__events.some((e) => e.type === type)), types, { timeout: 45_000 });
/** How many camera tracks run. */
export const live = (page) => page.evaluate(() => globalThis.__live());

/** Runs in the page before anything else: counts camera tracks and keeps the element's events. */
export function watchPage() {
  globalThis.__tracks = [];
  globalThis.__events = [];
  const devices = navigator.mediaDevices;
  const original = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (constraints) => {
    globalThis.__constraints = constraints;
    if (globalThis.__refuse) {
      const name = globalThis.__refuse;
      throw name === 'TypeError' ? new TypeError('refused') : name === 'OverconstrainedError' ? new OverconstrainedError('width', 'refused') : new DOMException('refused', name);
    }
    const stream = await original(constraints);
    globalThis.__tracks.push(...stream.getTracks());
    return stream;
  };
  globalThis.__live = () => globalThis.__tracks.filter((t) => t.readyState === 'live').length;
  for (const type of ['state', 'prompt', 'guidance', 'camera', 'camera-fault', 'engine-ready', 'result', 'closed']) {
    addEventListener(type, (event) => event.detail?.type && globalThis.__events.push(event.detail), true);
  }
}
