/** An empty page in headless Chromium, from a server that has what the benches need. */
import { createServer } from 'node:http';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const { FACEID_DIST: dist, FACEID_PORTRAITS: portraits, FACEID_BENCH_BUILT: built, FACEID_CHROMIUM: executablePath = '/usr/bin/chromium' } = process.env;
const here = dirname(fileURLToPath(import.meta.url));
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm', '.json': 'application/json', '.png': 'image/png' };
const PLACES = { '/dist/': dist, '/peers/': join(here, 'node_modules'), '/portraits/': portraits, '/bench/': here, '/built/': built };
/** Flags of a browser that does nothing by itself. */
export const QUIET = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/**
 * Runs a function in the page.
 * @template T
 * @param {(options: any) => Promise<T>} inPage
 * @param {object} options
 * @param {string[]} [flags] more of Chromium's
 * @returns {Promise<T & {chromium: string}>}
 */
export async function inChromium(inPage, options, flags = []) {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://x').pathname);
    if (path === '/') return response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>bench</title>');
    const place = Object.keys(PLACES).find((prefix) => path.startsWith(prefix));
    const file = place && PLACES[place] && join(PLACES[place], normalize(`/${path.slice(place.length)}`));
    if (!file || !existsSync(file)) return response.writeHead(404).end();
    return response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' }).end(readFileSync(file));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await chromium.launch({ executablePath, args: [...QUIET, ...flags] });
  try {
    const page = await browser.newPage();
    page.on('pageerror', (error) => console.error(`page: ${error.message}`));
    await page.goto(`http://127.0.0.1:${server.address().port}`);
    return { chromium: browser.version(), ...(await page.evaluate(inPage, options)) };
  } finally {
    await browser.close();
    server.close();
  }
}
