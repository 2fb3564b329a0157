/** Takes a picture of every look of the element and the demo page, at three sizes: `node shots.mjs OUT [lang]`. */
import { mkdir } from 'node:fs/promises';
import { launch, serve } from './harness.mjs';

const [out = 'shots', lang = 'en', only = ''] = process.argv.slice(2);
const SIZES = [[390, 844], [844, 390], [1280, 800]];
const STATES = ['idle', 'loading', 'permission', 'tap', 'align', 'calibrate', 'nod', 'shake', 'blink', 'mouth', 'uploading', 'success', 'failure', 'different', 'denied', 'network'];

await mkdir(out, { recursive: true });
const server = await serve({
  '/api/config': (_, response) => response.end('{"cloud":"","presets":[{"name":"张三","idcard_number":"11010119900307001X"}]}'),
});
const browser = await launch();
for (const [width, height] of SIZES) {
  const page = await browser.newPage({ viewport: { width, height }, deviceScaleFactor: 1 });
  page.on('console', (m) => m.type() === 'error' && console.error(m.text()));
  page.on('pageerror', (e) => console.error(e));
  const size = `${width}x${height}`;
  await page.goto(`${server.url}/?lang=${lang}`);
  await page.waitForSelector('[data-configured]');
  await page.screenshot({ path: `${out}/welcome-${size}.png` });
  for (const state of STATES.filter((s) => !only || only.split(',').includes(s))) {
    await page.goto(`${server.url}/states.html?bare=1&state=${state}&lang=${lang}`);
    await page.waitForSelector('[data-ready]');
    await page.waitForTimeout(900);
    await page.screenshot({ path: `${out}/${state}-${size}.png` });
  }
  await page.close();
}
await browser.close();
await server.close();
