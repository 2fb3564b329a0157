/** Puts the simulated person before a page's camera. Needs the files of `faceid-sim prepare` and the wasm build of crates/simulate. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SOURCE_URL } from './tasks.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
/** Where the page finds the simulated person: same origin, answered by the driver. */
const BASE = '/__faceid-sim';
const TYPES = { '.js': 'text/javascript', '.wasm': 'application/wasm', '.bin': 'application/octet-stream' };

/** Hands what the element reports to `window.__faceidReport`. @returns {Promise<string>} script for the page */
export const listening = () => readFile(join(HERE, 'events.js'), 'utf8');

/**
 * @param {import('playwright-core').Page} page before it goes anywhere
 * @param {{sim: string, portrait: string, seed?: number, still?: boolean, fps?: number}} person
 */
export async function injectPerson(page, { sim, portrait, seed = 1, still = false, fps = 20 }) {
  const config = { base: BASE, seed, still, width: 640, height: 480, fps };
  const files = { 'faceid_simulate.js': join(sim, 'faceid_simulate.js'), 'faceid_simulate_bg.wasm': join(sim, 'faceid_simulate_bg.wasm'), 'portrait.bin': portrait };
  const bodies = new Map();
  for (const [name, path] of Object.entries(files)) bodies.set(`${BASE}/${name}`, await readFile(path));
  await page.route(
    (url) => url.pathname.startsWith(`${BASE}/`),
    async (route) => {
      const path = new URL(route.request().url()).pathname;
      const body = bodies.get(path);
      if (!body) return route.fulfill({ status: 404 });
      return route.fulfill({ body, contentType: TYPES[path.slice(path.lastIndexOf('.'))] });
    },
  );
  const parts = [await listening(), `window.__faceidHarness.camera = ${JSON.stringify(config)};`, await readFile(join(HERE, 'camera.js'), 'utf8')];
  await page.addInitScript(`${parts.join('\n')}\n//# sourceURL=${SOURCE_URL}`);
}
