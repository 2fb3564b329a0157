/** The worker's script on camera frames in planes: judged without drawing, and the picture it keeps is the one that the browser would draw. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { sharedBrowser, sharedServer } from './harness.mjs';
import { scriptInPage } from './worker.mjs';

const browser = await sharedBrowser();
const server = await sharedServer({});

const [WIDTH, HEIGHT] = [641, 360];

/** Counts what the script draws. */
function countDrawn() {
  globalThis.__drawn = 0;
  const { drawImage } = OffscreenCanvasRenderingContext2D.prototype;
  OffscreenCanvasRenderingContext2D.prototype.drawImage = function (...all) {
    globalThis.__drawn += 1;
    return drawImage.apply(this, all);
  };
}

/** A frame of smooth colours in planes, through the script, and as the browser draws it: how often it drew, and how far both are apart. */
function judged(page, { format, matrix, fullRange, id }) {
  return page.evaluate(async ({ format, matrix, fullRange, id, width, height }) => {
    const half = [Math.ceil(width / 2), Math.ceil(height / 2)];
    const bytes = new Uint8Array(width * height + 2 * half[0] * half[1]);
    for (let y = 0; y < height; y += 1) for (let x = 0; x < width; x += 1) bytes[y * width + x] = 60 + (120 * x) / width + 20 * Math.sin(y / 9);
    for (let y = 0; y < half[1]; y += 1) {
      for (let x = 0; x < half[0]; x += 1) {
        const [blue, red] = [128 + 25 * Math.sin(x / 40), 128 + 25 * Math.cos(y / 30)];
        const [i, count] = [y * half[0] + x, half[0] * half[1]];
        bytes[width * height + (format === 'I420' ? i : 2 * i)] = blue;
        bytes[width * height + (format === 'I420' ? count + i : 2 * i + 1)] = red;
      }
    }
    const frame = new VideoFrame(bytes, { format, codedWidth: width, codedHeight: height, timestamp: 0, colorSpace: { matrix, fullRange, primaries: matrix, transfer: matrix } });
    const drawnBy = frame.clone();
    const before = globalThis.__drawn;
    globalThis.__send({ type: 'frame', id, t: id * 40, side: 480, picture: frame });
    const said = async (type, test) => {
      for (let i = 0; i < 500; i += 1) {
        const found = globalThis.__said.find((m) => (m.type === type || m.type === 'skipped' || m.type === 'failed') && test(m));
        if (found) return found;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      throw new Error(`no ${type}`);
    };
    const observed = await said('observed', (m) => m.id === id);
    const drawn = globalThis.__drawn - before;
    globalThis.__send({ type: 'encode', call: id, ids: [id], best: null, quality: 95, maxBytes: 2 ** 21 });
    const { frames } = await said('encoded', (m) => m.call === id);
    const kept = await createImageBitmap(new Blob([frames[0]]));
    const pixels = (picture, smoothing) => {
      const context = new OffscreenCanvas(kept.width, kept.height).getContext('2d', { willReadFrequently: true });
      context.imageSmoothingQuality = smoothing;
      context.drawImage(picture, 0, 0, kept.width, kept.height);
      return context.getImageData(0, 0, kept.width, kept.height).data;
    };
    const [ours, theirs] = [pixels(kept, 'low'), pixels(drawnBy, 'medium')];
    drawnBy.close();
    const mean = [0, 1, 2].map((c) => {
      let sum = 0;
      for (let i = c; i < ours.length; i += 4) sum += Math.abs(ours[i] - theirs[i]);
      return (4 * sum) / ours.length;
    });
    return { type: observed.type, drawn, size: [kept.width, kept.height], mean };
  }, { format, matrix, fullRange, id, width: WIDTH, height: HEIGHT });
}

test('frames in planes are not drawn, and become the colours that the browser draws', async () => {
  const page = await browser.newPage();
  await scriptInPage(page, server, countDrawn);
  let id = 0;
  for (const format of ['I420', 'NV12']) {
    for (const [matrix, fullRange] of [['smpte170m', false], ['bt709', false], ['bt709', true]]) {
      id += 1;
      const what = `${format}, ${matrix}, ${fullRange ? 'full' : 'video'} range`;
      const { type, drawn, size, mean } = await judged(page, { format, matrix, fullRange, id });
      assert.equal(type, 'observed', what);
      assert.equal(drawn, 0, `${what}: drawn`);
      assert.deepEqual(size, [480, 270], what);
      console.log(`${what}: ${mean.map((m) => m.toFixed(2)).join(', ')} grey levels from what the browser draws`);
      assert.ok(Math.max(...mean) < 3, `${what}: ${mean}`);
    }
  }
  await page.close();
});

test('frames whose colours the engine does not know are drawn', async () => {
  const page = await browser.newPage();
  await scriptInPage(page, server, countDrawn);
  const drawn = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(64, 48);
    canvas.getContext('2d').fillRect(0, 0, 64, 48);
    const before = globalThis.__drawn;
    globalThis.__send({ type: 'frame', id: 1, t: 40, side: 480, picture: new VideoFrame(canvas, { timestamp: 0 }) });
    while (!globalThis.__said.some((m) => m.type === 'observed' && m.id === 1)) await new Promise((resolve) => setTimeout(resolve, 20));
    return globalThis.__drawn - before;
  });
  assert.equal(drawn, 1);
  await page.close();
});

test('with and without SIMD the planes become the same bits', async () => {
  const page = await browser.newPage();
  await page.goto(`${server.url}/index.html`);
  const rows = await page.evaluate(async () => {
    const models = await Promise.all(['face_detector.net', 'face_landmark.net', 'canonical_face.json'].map(async (name) => new Uint8Array(await (await fetch(`/faceid/models/${name}`)).arrayBuffer())));
    const loaded = async (folder) => {
      const { default: init, Engine } = await import(`/faceid/lib/${folder}/faceid_liveness.js`);
      const { memory } = await init();
      return { memory, engine: new Engine(...models) };
    };
    const engines = [await loaded('engine'), await loaded('engine-plain')];
    const told = [];
    let id = 0;
    for (const [width, height] of [[1280, 720], [641, 359], [97, 131], [1921, 33]]) {
      for (const nv12 of [false, true]) {
        const half = [Math.ceil(width / 2), Math.ceil(height / 2)];
        const bytes = new Uint8Array(width * height + 2 * half[0] * half[1]);
        // Noise over the whole range: sums that clamp at both ends.
        let seed = 7;
        for (let i = 0; i < bytes.length; i += 1) bytes[i] = (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) >>> 24;
        const begin = width * height;
        const layout = nv12 ? [0, width, begin, 2 * half[0]] : [0, width, begin, half[0], begin + half[0] * half[1], half[0]];
        for (const bt709 of [false, true]) {
          id += 1;
          const files = engines.map(({ memory, engine }) => {
            const at = engine.planesAt(bytes.length);
            new Uint8Array(memory.buffer, at, bytes.length).set(bytes);
            const observed = engine.observePlanes(id, id * 40, width, height, Uint32Array.from(layout), bt709, !bt709, 480);
            return [observed, engine.encode(Float64Array.of(id), 95)[0]].map((list) => list.join());
          });
          told.push({ what: `${width} x ${height}, ${nv12 ? 'NV12' : 'I420'}, ${bt709 ? '709' : '601'}`, same: files[0].every((list, i) => list === files[1][i]) });
        }
      }
    }
    return told;
  });
  assert.equal(rows.length, 16);
  for (const { what, same } of rows) assert.ok(same, what);
  await page.close();
});
