/**
 * Ways from a camera's picture to the pixels that the engine judges, side by side in one headless Chromium page with its own test camera
 * (1280 x 720, planar YUV as a camera delivers). Prints one line of JSON: ms per way, and how far its small picture is from the area average.
 */
import { inChromium } from './serve.mjs';

const CAMERA = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];
console.log(JSON.stringify(await inChromium(inPage, { warmUp: 15, rounds: 60, size: [1280, 720], side: 480 }, CAMERA)));

/** Runs in the page. */
async function inPage({ warmUp, rounds, size: [width, height], side }) {
  const small = { width: side, height: Math.round((height * side) / width) };
  // The worker's half of every way. `how` says what to do with the picture; the answer is how long that took.
  const half = `
    const canvases = new Map();
    const context = (name, width, height, quality) => {
      if (!canvases.has(name)) {
        const made = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
        made.imageSmoothingQuality = quality;
        canvases.set(name, made);
      }
      return canvases.get(name);
    };
    const spare = {};
    const drawn = ({ name, picture, quality, width, height }) => {
      const at = context(name, width, height, quality);
      at.drawImage(picture, 0, 0, width, height);
      return at.getImageData(0, 0, width, height).data;
    };
    const ways = {
      draw: (message) => drawn(message),
      async resize(message) {
        const picture = await createImageBitmap(message.picture, { resizeWidth: message.width, resizeHeight: message.height, resizeQuality: message.quality });
        const data = drawn({ ...message, picture });
        picture.close();
        return data;
      },
      async copy({ name, picture, format }) {
        const options = format ? { format } : {};
        spare[name] ??= new Uint8Array(picture.allocationSize(options));
        await picture.copyTo(spare[name], options);
        return spare[name];
      },
    };
    onmessage = async ({ data: message }) => {
      const begun = performance.now();
      try {
        const data = await ways[message.how](message);
        const ms = performance.now() - begun;
        const format = message.picture.format;
        message.picture.close();
        postMessage({ ms, format, pixels: message.tell ? data.slice() : null });
      } catch (error) {
        message.picture.close?.();
        postMessage({ error: String(error) });
      }
    };`;
  const worker = new Worker(URL.createObjectURL(new Blob([half], { type: 'text/javascript' })));
  const asked = (message) => new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => (data.error ? reject(new Error(`${message.name}: ${data.error}`)) : resolve(data));
    worker.postMessage(message, [message.picture]);
  });

  const video = Object.assign(document.createElement('video'), { muted: true });
  video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { width, height } });
  await video.play();
  const bitmap = (source) => createImageBitmap(source);
  const frame = (source) => new VideoFrame(source, source instanceof HTMLVideoElement ? undefined : { timestamp: 0 });
  const shrunk = (quality) => (source) => createImageBitmap(source, { resizeWidth: small.width, resizeHeight: small.height, resizeQuality: quality });
  const ways = {
    'bitmap, drawn high': { take: bitmap, how: 'draw', quality: 'high' },
    'bitmap, drawn medium': { take: bitmap, how: 'draw', quality: 'medium' },
    'bitmap, drawn low': { take: bitmap, how: 'draw', quality: 'low' },
    'bitmap made small in the page, high': { take: shrunk('high'), how: 'draw', quality: 'low' },
    'bitmap made small in the page, medium': { take: shrunk('medium'), how: 'draw', quality: 'low' },
    'VideoFrame, drawn high': { take: frame, how: 'draw', quality: 'high' },
    'VideoFrame, drawn medium': { take: frame, how: 'draw', quality: 'medium' },
    'VideoFrame, drawn low': { take: frame, how: 'draw', quality: 'low' },
    'VideoFrame, resized by createImageBitmap, medium': { take: frame, how: 'resize', quality: 'medium' },
    'VideoFrame, copyTo as it is, not shrunk': { take: frame, how: 'copy' },
    'VideoFrame, copyTo RGBA, not shrunk': { take: frame, how: 'copy', format: 'RGBA' },
  };
  const times = Object.fromEntries(Object.keys(ways).map((name) => [name, { page: [], worker: [], wall: [] }]));
  const formats = {};
  for (let round = 0; round < warmUp + rounds; round += 1) {
    for (const [name, { take, ...rest }] of Object.entries(ways)) {
      const begun = performance.now();
      const taking = take(video);
      const started = performance.now();
      const picture = await taking;
      const { ms, format } = await asked({ name, ...rest, ...small, picture });
      const wall = performance.now() - begun;
      formats[name] = format;
      if (round < warmUp) continue;
      times[name].page.push(started - begun);
      times[name].worker.push(ms);
      times[name].wall.push(wall);
    }
  }

  // The same ways on a photograph: the small picture against the mean of the pixels under each of its pixels.
  const portrait = await createImageBitmap(await (await fetch('/portraits/astronaut.png')).blob());
  const still = new OffscreenCanvas(width, height);
  const context = still.getContext('2d', { willReadFrequently: true });
  context.drawImage(portrait, 0, 0, portrait.width, (portrait.width * height) / width, 0, 0, width, height);
  // Grain finer than the small picture's pixels: whoever skips pixels keeps it.
  const pixels = context.getImageData(0, 0, width, height);
  let seed = 1;
  for (let i = 0; i < pixels.data.length; i += 4) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    const grain = (seed >>> 27) - 16;
    for (let c = 0; c < 3; c += 1) pixels.data[i + c] += grain;
  }
  context.putImageData(pixels, 0, 0);
  const mean = areaAverage(pixels.data, width, height, small.width, small.height);
  const distance = {};
  for (const [name, { take, ...rest }] of Object.entries(ways).filter(([, way]) => way.how !== 'copy')) {
    const { pixels: got } = await asked({ name: `still ${name}`, ...rest, ...small, picture: await take(still), tell: true });
    let squares = 0;
    for (let i = 0; i < got.length; i += 4) for (let c = 0; c < 3; c += 1) squares += (got[i + c] - mean[i + c]) ** 2;
    distance[name] = Math.sqrt(squares / (0.75 * got.length));
  }

  const spread = (list) => {
    const sorted = list.sort((a, b) => a - b);
    return { min: sorted[0], median: sorted[sorted.length >> 1], p90: sorted[Math.floor(0.9 * (sorted.length - 1))] };
  };
  const told = (name) => ({ ...Object.fromEntries(Object.entries(times[name]).map(([part, list]) => [part, spread(list)])), format: formats[name] ?? null, distance: distance[name] ?? null });
  return { camera: [video.videoWidth, video.videoHeight], small: [small.width, small.height], ways: Object.fromEntries(Object.keys(ways).map((name) => [name, told(name)])) };

  function areaAverage(from, w, h, toW, toH) {
    const out = new Float32Array(4 * toW * toH);
    for (let y = 0; y < toH; y += 1) {
      const [top, bottom] = [(y * h) / toH, ((y + 1) * h) / toH];
      for (let x = 0; x < toW; x += 1) {
        const [left, right] = [(x * w) / toW, ((x + 1) * w) / toW];
        let cover = 0;
        const sum = [0, 0, 0];
        for (let sy = Math.floor(top); sy < Math.ceil(bottom); sy += 1) {
          for (let sx = Math.floor(left); sx < Math.ceil(right); sx += 1) {
            const share = (Math.min(right, sx + 1) - Math.max(left, sx)) * (Math.min(bottom, sy + 1) - Math.max(top, sy));
            cover += share;
            for (let c = 0; c < 3; c += 1) sum[c] += share * from[4 * (sy * w + sx) + c];
          }
        }
        for (let c = 0; c < 3; c += 1) out[4 * (y * toW + x) + c] = sum[c] / cover;
      }
    }
    return out;
  }
}
