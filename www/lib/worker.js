/**
 * The engine's worker: loads wasm and models, draws frames, keeps the pictures the wasm need not hold. Messages: see src/shell/port.rs;
 * `end` comes from liveness.js, `store` from preload.js. The build makes one classic script of it.
 *
 * A picture that came with a message is the worker's: `frame` closes it, or hands it to `keep`; what `latest` and `best` hold is closed by `forget`.
 */
import init, { Engine } from './engine/faceid_liveness.js';
import { forgetOthers, keptBytes, keptModule, store } from './kept.js';

/** SHA-256 of each file of `PATHS.engine`, put here by the build. @type {Record<string, string>} */
const DIGESTS = FACEID_DIGESTS;

/** @type {Engine | null} */
let engine = null;
/** Full-size pixels: of the frame judged last, and of the best one. @type {{id: number, picture: VideoFrame | ImageBitmap | ImageData} | null} */
let latest = null;
/** @type {typeof latest} */
let best = null;
/** @type {OffscreenCanvasRenderingContext2D | null} */
let small = null;
/** @type {WebAssembly.Memory | null} */
let memory = null;
/** Whether this browser hands out a camera frame's planes. */
let planesWork = true;
/** Whether BT.709, by the name of the matrix; frames of other colour spaces are drawn. A camera that names none is drawn as BT.601 by Chromium. @type {Record<string, boolean>} */
const MATRICES = { bt709: true, bt470bg: false, smpte170m: false };
/** What was asked before is done before: taking a frame's planes is not done at once. @type {Promise<void>} */
let queue = Promise.resolve();

/** A module whose only function splats and counts bits in a 128-bit vector: browsers without simd128 refuse it. */
const SIMD_PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
]);

/** Name of the engine's binary for this browser. */
const binary = () => (WebAssembly.validate(SIMD_PROBE) ? 'wasm' : 'wasmPlain');
const MODELS = ['detector', 'landmark', 'geometry'];

const canDraw = (() => {
  try {
    return new OffscreenCanvas(1, 1).getContext('2d') !== null;
  } catch {
    return false;
  }
})();

/** Also the frames that a camera hands out; tried, because a worker may have the class and yet not draw it. */
const canDrawFrames = (() => {
  try {
    const [from, to] = [new OffscreenCanvas(2, 2).getContext('2d'), new OffscreenCanvas(2, 2).getContext('2d')];
    from.fillStyle = '#fff';
    from.fillRect(0, 0, 2, 2);
    const frame = new VideoFrame(from.canvas, { timestamp: 0 });
    try {
      to.drawImage(frame, 0, 0);
    } finally {
      frame.close();
    }
    return to.getImageData(0, 0, 1, 1).data[0] > 250;
  } catch {
    return false;
  }
})();

self.addEventListener('message', ({ data }) => {
  const handler = handlers[data?.type];
  // Frames that come while it loads are not kept waiting: a camera has few of them.
  if (data?.type === 'load') handler(data);
  else if (handler) queue = queue.then(() => handler(data)).catch(fail);
});

const handlers = {
  /** @param {{assets: Record<string, string>}} message */
  async load({ assets }) {
    try {
      const wasm = binary();
      const [module, detector, landmark, geometry] = await Promise.all([
        keptModule(assets[wasm], DIGESTS[wasm]),
        ...MODELS.map((name) => keptBytes(assets[name], DIGESTS[name])),
      ]);
      ({ memory } = await init({ module_or_path: module }));
      engine = new Engine(detector, landmark, geometry);
      self.postMessage({ type: 'ready', draws: canDraw, frames: canDrawFrames });
      await forgetOthers(Object.values(DIGESTS));
    } catch (error) {
      fail(error);
    }
  },

  /** Fetches what a later worker's `load` needs, and keeps it. @param {{assets: Record<string, string>}} message */
  async store({ assets }) {
    await Promise.all([binary(), ...MODELS].map((name) => store(assets[name], DIGESTS[name])));
    self.postMessage({ type: 'stored' });
  },

  /** @param {{id: number, t: number, side: number, spared?: number[], picture?: VideoFrame | ImageBitmap, width?: number, height?: number, rgba?: Uint8Array}} message */
  async frame(message) {
    if (!engine) {
      message.picture?.close();
      return;
    }
    try {
      if (message.spared) engine.release(Float64Array.from(message.spared));
      const data = (await observedPlanes(message)) ?? observedPixels(message);
      self.postMessage({ type: 'observed', id: message.id, t: message.t, data }, [data.buffer]);
    } catch (error) {
      // One that could not be drawn is held by nobody: a camera whose frames are not given back stops.
      if (latest?.id !== message.id) message.picture?.close();
      if (error instanceof WebAssembly.RuntimeError) fail(error);
      else self.postMessage({ type: 'skipped', id: message.id, code: error?.code ?? 'draw-failed', reason: String(error?.reason ?? error) });
    }
  },

  /** @param {{ids: number[]}} message */
  retain({ ids }) {
    engine?.retain(Float64Array.from(ids));
  },

  /** @param {{id: number}} message */
  'keep-best'({ id }) {
    if (latest?.id !== id) return;
    const former = best;
    best = latest;
    forget(former);
    own(best);
  },

  /** @param {{call: number, ids: number[], best: number | null, quality: number, maxBytes: number}} message */
  encode({ call, ids, best: bestId, quality, maxBytes }) {
    try {
      if (!engine) throw new Error('not loaded');
      const frames = engine.encode(Float64Array.from(ids), quality);
      if (bestId !== null) {
        // It goes with the last step: no other frame is asked for, and its full size needs the room.
        engine.clear();
        frames.push(encodeBest(bestId, quality, maxBytes));
      }
      self.postMessage({ type: 'encoded', call, frames }, frames.map((/** @type {Uint8Array} */ f) => f.buffer));
    } catch (error) {
      self.postMessage({ type: 'encode-failed', call, code: error?.code ?? 'encode-failed', reason: String(error?.reason ?? error) });
      if (error instanceof WebAssembly.RuntimeError) fail(error);
    }
  },

  /** The attempt is over. A worker that is terminated instead takes its frames with it unclosed. */
  end() {
    forgetAll();
    self.close();
  },
};

/** Becomes the frame judged last. */
function keep(id, picture) {
  const former = latest;
  latest = { id, picture };
  forget(former);
}

function observedPixels(message) {
  const { width, height, rgba, picture } = pixels(message);
  keep(message.id, picture);
  return engine.observe(message.id, message.t, width, height, rgba, message.side);
}

/** Judges a camera's frame from its own planes, where it has them as the engine knows them: nothing is drawn or read back. Else null. */
async function observedPlanes({ id, t, side, picture }) {
  if (!planesWork || typeof VideoFrame !== 'function' || !(picture instanceof VideoFrame)) return null;
  const { format, colorSpace: { fullRange }, visibleRect } = picture;
  const matrix = picture.colorSpace.matrix ?? 'smpte170m';
  const turned = visibleRect?.width !== picture.displayWidth || visibleRect.height !== picture.displayHeight || picture.rotation || picture.flip;
  if (!['I420', 'NV12'].includes(format) || !(matrix in MATRICES) || turned) return null;
  let layout;
  try {
    const size = picture.allocationSize();
    const at = engine.planesAt(size);
    // Only now: making room may have given the memory another buffer.
    layout = await picture.copyTo(new Uint8Array(memory.buffer, at, size));
  } catch {
    planesWork = false;
    return null;
  }
  keep(id, picture);
  const rows = Uint32Array.from(layout.flatMap(({ offset, stride }) => [offset, stride]));
  return engine.observePlanes(id, t, visibleRect.width, visibleRect.height, rows, MATRICES[matrix], fullRange === true, side);
}

/** Pixels to judge: drawn shrunk where the worker can draw (far cheaper than reading the full picture), else as they came. */
function pixels({ side, picture, width, height, rgba }) {
  if (!picture) return { width, height, rgba, picture: new ImageData(new Uint8ClampedArray(rgba), width, height) };
  const [fullWidth, fullHeight] = sizeOf(picture);
  const scale = Math.min(1, side / Math.max(fullWidth, fullHeight));
  const [w, h] = [Math.max(1, Math.round(fullWidth * scale)), Math.max(1, Math.round(fullHeight * scale))];
  if (!small || small.canvas.width !== w || small.canvas.height !== h) {
    small = new OffscreenCanvas(w, h).getContext('2d', { willReadFrequently: true });
    small.imageSmoothingQuality = 'medium';
  }
  small.drawImage(picture, 0, 0, w, h);
  const data = small.getImageData(0, 0, w, h).data;
  return { width: w, height: h, rgba: new Uint8Array(data.buffer), picture };
}

/** @param {VideoFrame | ImageBitmap} picture */
const sizeOf = (picture) => ('displayWidth' in picture ? [picture.displayWidth, picture.displayHeight] : [picture.width, picture.height]);

/** Makes a copy of a camera's frame that is kept: a camera has few of them and stops when all are held. */
async function own(/** @type {NonNullable<typeof best>} */ frame) {
  const { picture } = frame;
  if (picture instanceof ImageData || picture instanceof ImageBitmap) return;
  try {
    const copy = await createImageBitmap(picture);
    if (best !== frame) return copy.close();
    frame.picture = copy;
    picture.close();
  } catch {
    // The frame itself stays.
  }
}

/** The best frame at full size. */
function encodeBest(id, quality, maxBytes) {
  const kept = [best, latest].find((frame) => frame?.id === id);
  if (!kept) throw new Error('best frame is gone');
  const { width, height, data } = kept.picture instanceof ImageData ? kept.picture : read(kept.picture);
  const rgba = new Uint8Array(data.buffer);
  return engine.encodeBest(width, height, rgba, Math.max(quality, 92), maxBytes);
}

function read(/** @type {VideoFrame | ImageBitmap} */ picture) {
  const [width, height] = sizeOf(picture);
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  context.drawImage(picture, 0, 0);
  return context.getImageData(0, 0, width, height);
}

/** Closes the picture of a frame that nobody holds any more: both kinds hold memory outside the garbage collector's sight. */
function forget(frame) {
  if (frame && frame !== latest && frame !== best && !(frame.picture instanceof ImageData)) frame.picture.close();
}

function forgetAll() {
  const held = new Set([latest, best]);
  latest = best = null;
  held.forEach(forget);
}

function fail(error) {
  engine = null;
  forgetAll();
  self.postMessage({ type: 'failed', code: error?.code ?? 'engine-invalid', reason: String(error?.reason ?? error?.message ?? error) });
}
