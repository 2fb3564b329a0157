/**
 * For Playwright tests of a page that holds `<faceid-liveness>`: scripted attempts, a camera made of your frames, a cloud that says yes. With
 * `@playwright/test` by `base.extend(fixtures)`, with `playwright-core` by `livenessOf(page)`; neither is imported here. Everything is put in from
 * outside, so the page is the one that you ship, under its own policy.
 */
import { readFile } from 'node:fs/promises';
import { fakeCloud } from './cloud.js';

const EVENTS = ['state', 'prompt', 'guidance', 'action', 'camera', 'camera-fault', 'submit', 'result', 'error', 'cancel', 'closed'];
/** Name of the function in the page that calls back here. */
const TELL = '__faceidTestkit';

/** `const test = base.extend(fixtures)` gives every test a `liveness`. */
export const fixtures = {
  liveness: async ({ page }, use) => {
    await use(await livenessOf(page));
  },
};

/** @param {import('playwright-core').Page} page before it goes anywhere */
export async function livenessOf(page) {
  const liveness = new PageLiveness(page);
  await page.exposeBinding(TELL, (_, name, detail) => liveness.hear(name, detail));
  await page.addInitScript({ content: `(${listen})(${JSON.stringify({ events: EVENTS, tell: TELL })})` });
  return liveness;
}

/** What a test says to the element, and hears from it. */
export class PageLiveness {
  /** Every event of every attempt, as `detail` had it. @type {{type: string}[]} */
  events = [];
  #page;
  #ends = [];
  #waiting = [];
  #action = null;
  #source = null;

  constructor(page) {
    this.#page = page;
  }

  /**
   * Attempts are played, without camera, cloud or networks. Call it before `page.goto`.
   * @param {string | string[]} scenarios of `faceid-liveness/testkit`: one for every start, or one after the other, the last again and again
   * @param {{actions?: string[], pace?: number}} [options] `pace`: ms between two events, default 40
   */
  async script(scenarios, { actions, pace = 40 } = {}) {
    const kit = (await readFile(new URL('./index.js', import.meta.url), 'utf8')).replace(/^export /gm, '');
    const given = JSON.stringify({ scenarios: [scenarios].flat(), actions, pace });
    await this.#page.addInitScript({ content: `(() => {\n${kit}\n(${play})(script, ${given});\n})()` });
  }

  /**
   * The page's camera shows these pictures; networks and protocol are the real ones. Call it before `page.goto`.
   * @param {(now: {ms: number, action: string | null}) => Buffer | Promise<Buffer>} source JPEG, PNG or WebP for this moment; `action` is what is asked for
   * @param {{width?: number, height?: number, fps?: number}} [options]
   */
  async camera(source, { width = 640, height = 480, fps = 15 } = {}) {
    this.#source = source;
    await this.#page.addInitScript({ content: `(${film})(${JSON.stringify({ tell: TELL, width, height, fps })})` });
  }

  /**
   * Every call to the cloud is answered here, and every evidence is good. Never a proof of anything but your page.
   * @param {{actions?: string[]}} [options]
   * @returns {Promise<{calls: string[]}>} names of the calls
   */
  async cloud({ actions = ['nod', 'blink', 'mouth'] } = {}) {
    const cloud = fakeCloud({}, actions);
    await this.#page.route('**/sdk/v1/**', (route) => answer(cloud.routes, route));
    return { calls: cloud.calls };
  }

  /** The next end that no call has had yet: `{code, message, blame, retryable, fromServer}`. @param {number} [timeout] ms */
  outcome(timeout = 30_000) {
    if (this.#ends.length) return Promise.resolve(this.#ends.shift());
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no attempt ended in ${timeout} ms; seen: ${this.events.map(({ type }) => type).join(', ') || 'nothing'}`)), timeout);
      this.#waiting.push((end) => {
        clearTimeout(timer);
        resolve(end);
      });
    });
  }

  /** From the page: an event, or the wish for a frame. */
  async hear(name, detail) {
    if (name === 'frame') return Buffer.from(await this.#source({ ms: detail, action: this.#action })).toString('base64');
    this.events.push(detail);
    if (name === 'prompt') this.#action = detail.action;
    if (name === 'action' || name === 'closed') this.#action = null;
    if (name !== 'closed') return undefined;
    const waiting = this.#waiting.shift();
    if (waiting) waiting(detail);
    else this.#ends.push(detail);
    return undefined;
  }
}

/** A request that Playwright has caught, for handlers of a Node.js server. */
async function answer(routes, route) {
  const request = route.request();
  const url = new URL(request.url()).pathname;
  const name = Object.keys(routes).find((r) => r === url || (r.endsWith('*') && url.startsWith(r.slice(0, -1))));
  if (!name) return route.fallback();
  const reply = await new Promise((resolve, reject) => {
    const made = { status: 200, headers: {} };
    const response = {
      writeHead(status, headers = {}) {
        Object.assign(made, { status, headers });
        return response;
      },
      end: (body = '') => resolve({ ...made, body: Buffer.from(body) }),
    };
    Promise.resolve(routes[name]({ method: request.method(), url, headers: request.headers() }, response, request.postDataBuffer() ?? Buffer.alloc(0))).catch(reject);
  });
  const shared = { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'x-fid-mac' };
  return route.fulfill({ ...reply, headers: { ...reply.headers, ...shared } });
}

/* What follows is sent into the page as text: it sees nothing of this module. */

function listen({ events, tell }) {
  for (const type of events) addEventListener(type, (event) => event.detail?.type === type && globalThis[tell](type, event.detail), true);
}

function play(script, { scenarios, actions, pace }) {
  const { define } = CustomElementRegistry.prototype;
  let starts = 0;
  const next = () => scenarios[Math.min(starts++, scenarios.length - 1)];
  const wait = () => new Promise((resolve) => setTimeout(resolve, pace));
  CustomElementRegistry.prototype.define = function (name, element, options) {
    if ('recordedVoice' in element.prototype && 'attach' in element.prototype) script(element.prototype, next, { actions, wait });
    return define.call(this, name, element, options);
  };
}

function film({ tell, width, height, fps }) {
  const begun = performance.now();
  const frame = async (context) => {
    const bytes = Uint8Array.from(atob(await globalThis[tell]('frame', performance.now() - begun)), (c) => c.charCodeAt(0));
    context.drawImage(await createImageBitmap(new Blob([bytes])), 0, 0, width, height);
  };
  navigator.mediaDevices.getUserMedia = async (constraints) => {
    if (!constraints?.video) throw new DOMException('no microphone here', 'NotFoundError');
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    const context = canvas.getContext('2d', { alpha: false });
    await frame(context);
    const stream = canvas.captureStream(fps);
    const run = async () => {
      if (stream.getVideoTracks().every((track) => track.readyState === 'ended')) return;
      const asked = performance.now();
      await frame(context);
      setTimeout(run, Math.max(0, 1000 / fps - (performance.now() - asked)));
    };
    run();
    return stream;
  };
  const camera = { kind: 'videoinput', deviceId: 'testkit', groupId: 'testkit', label: 'testkit' };
  navigator.mediaDevices.enumerateDevices = async () => [{ ...camera, toJSON: () => camera }];
}
