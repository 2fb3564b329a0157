/**
 * A first visit over a slow line: when the element shows its first sentence, and when the engine is ready, in several ways of loading, alternately.
 * The line is the server's: an answer waits a round trip, and all answers share one bandwidth (HTTP/1.1, six connections, brotli -11; connecting
 * costs nothing). Prints one line of JSON, ms.
 */
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { chromium } from 'playwright-core';
import { QUIET } from './serve.mjs';
import { fakeCloud } from '../../pkg-config/testkit/cloud.js';

const { FACEID_DIST: dist, FACEID_CHROMIUM: executablePath = '/usr/bin/chromium' } = process.env;
/** Slow 4G as Lighthouse has it. */
const LINE = { roundTripMs: 150, bytesPerMs: 1600 / 8 };
const ROUNDS = 3;
const TYPES = { '.js': 'text/javascript', '.wasm': 'application/wasm', '.json': 'application/json' };
const hints = execFileSync(process.execPath, [join(dist, 'faceid/bin/faceid-liveness.mjs'), 'hints', '/faceid'], { encoding: 'utf8' });
/** How each way differs: lines of the head, whether the server names wasm files, whether the page preloads before it starts. */
const WAYS = {
  'no hints, not streamed': { named: false },
  'no hints, streamed': { named: true },
  'hints, streamed': { named: true, head: hints },
  'preloaded': { named: true, head: hints, preloads: true },
};

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
let free = 0;
/** Until the line has carried so much. */
async function carried(bytes) {
  free = Math.max(performance.now(), free) + bytes / LINE.bytesPerMs;
  await wait(free - performance.now());
}

/** @type {Map<string, Buffer>} */
const compressed = new Map();
let way = WAYS['hints, streamed'];
let cloud = fakeCloud();
const server = createServer(async (request, response) => {
  const path = new URL(request.url, 'http://x').pathname;
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  await wait(LINE.roundTripMs);
  const route = Object.keys(cloud.routes).find((name) => name === path || (name.endsWith('*') && path.startsWith(name.slice(0, -1))));
  if (route) {
    // A page that goes away still tells its own cloud, which is gone by then.
    return Promise.resolve(cloud.routes[route](request, response, Buffer.concat(chunks))).catch(() => response.destroy());
  }
  if (!path.startsWith('/faceid/')) return response.writeHead(200, { 'content-type': 'text/html' }).end(html(way));
  const type = (way.named || extname(path) !== '.wasm') && TYPES[extname(path)];
  if (!compressed.has(path)) compressed.set(path, brotliCompressSync(readFileSync(join(dist, path))));
  response.writeHead(200, { 'content-type': type || 'application/octet-stream', 'content-encoding': 'br' });
  const bytes = compressed.get(path);
  for (let at = 0; at < bytes.length; at += 4096) {
    await carried(Math.min(4096, bytes.length - at));
    response.write(bytes.subarray(at, at + 4096));
  }
  return response.end();
});

function html({ head = '', preloads = false }) {
  return `<!doctype html><meta charset="utf-8"><title>arrival</title>${head}<faceid-liveness id="check"></faceid-liveness>
    <script type="module">
      import '/faceid/element/index.js';
      ${preloads ? "import { preload } from '/faceid/lib/preload.js'; if (!(await preload())) throw new Error('not preloaded');" : ''}
      const element = document.getElementById('check');
      const begun = ${preloads ? 'performance.now()' : '0'};
      for (const type of ['state', 'engine-ready']) {
        element.addEventListener(type, () => requestAnimationFrame(() => {
          globalThis.seen ??= {};
          globalThis.seen[type] ??= performance.now() - begun;
        }));
      }
      element.start({ bizToken: 'token' });
    </script>`;
}

await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const browser = await chromium.launch({ executablePath, args: [...QUIET, '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'] });
const times = Object.fromEntries(Object.keys(WAYS).map((name) => [name, { sentence: [], engine: [] }]));
try {
  // The first round compresses the files.
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [name, chosen] of Object.entries(WAYS)) {
      [way, cloud] = [chosen, fakeCloud()];
      const context = await browser.newContext();
      const page = await context.newPage();
      page.on('pageerror', (error) => console.error(`page: ${error.message}`));
      await page.goto(`http://127.0.0.1:${server.address().port}/`);
      await page.waitForFunction(() => globalThis.seen?.['engine-ready'] && globalThis.seen.state, null, { timeout: 60_000 });
      const { state, 'engine-ready': engine } = await page.evaluate(() => globalThis.seen);
      if (round > 0) {
        times[name].sentence.push(state);
        times[name].engine.push(engine);
      }
      await context.close();
    }
  }
} finally {
  await browser.close();
  server.closeAllConnections();
  server.close();
}
const spread = (list) => ({ min: Math.min(...list), median: list.sort((a, b) => a - b)[list.length >> 1] });
console.log(JSON.stringify({ line: LINE, rounds: ROUNDS, ways: Object.fromEntries(Object.entries(times).map(([name, { sentence, engine }]) => [name, { sentence: spread(sentence), engine: spread(engine) }])) }));
