/** axe-core in every state of the element, in both colour schemes, and on the pages around it: no violation. */
import { after, test } from 'node:test';
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { sharedBrowser, sharedServer } from './harness.mjs';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const STATES = ['idle', 'loading', 'permission', 'tap', 'align', 'cameras', 'calibrate', 'nod', 'shake', 'blink', 'mouth', 'hurry', 'uploading', 'verdict', 'success', 'failure', 'different', 'denied', 'network'];
const browser = await sharedBrowser();
const server = await sharedServer({ '/api/config': (_, response) => response.end('{"cloud":"","presets":[]}') });
let checked = 0;
after(() => console.log(`axe: ${checked} screens, 0 violations`));

/** @returns {Promise<string[]>} what axe found, with the nodes */
async function violations(path, options = {}) {
  const page = await browser.newPage({ bypassCSP: true, reducedMotion: 'reduce', ...options });
  await page.goto(server.url + path);
  await page.waitForSelector('[data-ready], [data-configured]');
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const result = await globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
    return { rules: result.passes.length, violations: result.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`) };
  });
  await page.close();
  assert.ok(found.rules > 5, 'axe looked at something');
  checked += 1;
  return found.violations;
}

for (const colorScheme of ['light', 'dark']) {
  for (const state of STATES) {
    test(`${state}, ${colorScheme}`, async () => {
      assert.deepEqual(await violations(`/states.html?bare=1&state=${state}&lang=en`, { colorScheme, viewport: { width: 390, height: 844 } }), []);
    });
  }
  for (const path of ['/?lang=en', '/check/?lang=en']) {
    test(`${path}, ${colorScheme}`, async () => assert.deepEqual(await violations(path, { colorScheme }), []));
  }
}
