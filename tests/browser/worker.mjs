/** The worker's script loaded into a page, where a test can watch it. */
import assert from 'node:assert/strict';

/**
 * `__send` gives the script a message, `__said` holds what it says; its engine is loaded when this returns.
 * @param {import('playwright-core').Page} page
 * @param {{url: string}} server
 * @param {() => void} watch runs in the page before the script
 */
export async function scriptInPage(page, server, watch) {
  await page.goto(`${server.url}/index.html`);
  await page.evaluate(watch);
  await page.evaluate(async () => {
    globalThis.__said = [];
    self.postMessage = (message) => globalThis.__said.push(message);
    await new Promise((resolve, reject) => document.head.append(Object.assign(document.createElement('script'), { src: '/faceid/lib/worker.js', onload: resolve, onerror: reject })));
    globalThis.__send = (data) => self.dispatchEvent(new MessageEvent('message', { data }));
    const at = (name) => new URL(`/faceid/${name}`, location.href).href;
    globalThis.__send({
      type: 'load',
      assets: {
        wasm: at('lib/engine/faceid_liveness_bg.wasm'), wasmPlain: at('lib/engine-plain/faceid_liveness_bg.wasm'),
        detector: at('models/face_detector.net'), landmark: at('models/face_landmark.net'), geometry: at('models/canonical_face.json'),
      },
    });
  });
  await page.waitForFunction(() => globalThis.__said.some((m) => m.type === 'ready' || m.type === 'failed'));
  assert.deepEqual(await page.evaluate(() => globalThis.__said.filter((m) => m.type === 'failed')), []);
}
