/** `<faceid-liveness>`: shows an attempt. */
import { Liveness } from '../lib/liveness.js';
import { outcomeText } from '../text/lookup.js';
import { Announcer } from './announcer.js';
import { styles } from './styles.js';
import { textsFor } from './texts.js';
import { View } from './view.js';

/** What each state of the machine looks like. */
const PHASES = {
  not_started: 'loading',
  wait_camera: 'loading',
  align_face: 'align',
  calibrate: 'align',
  await_challenge: 'align',
  act: 'act',
  commit: 'act',
  submit: 'sending',
  await_verdict: 'sending',
};

/**
 * Attributes: `biz-token`, `server`, `lang`, `camera-id`, `asset-base`, `worker-url`.
 * Properties: `tokenProvider` (async () => token, used by Start and Retry), `options` (more of LivenessOptions).
 * Events bubble and are composed: those of `Liveness`, plus `result` at every end and `retry` (cancelable) when the person asks for another go.
 */
export class FaceIdLivenessElement extends (globalThis.HTMLElement ?? class {}) {
  static observedAttributes = ['lang'];

  /** @type {(() => Promise<string>) | null} */
  tokenProvider = null;
  options = {};
  #view = new View();
  #announcer = new Announcer(this.#view.live);
  #texts = textsFor('en');
  /** @type {Liveness | null} */
  #liveness = null;
  #fault = '';
  #offscreen = null;

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [styles()];
    root.append(this.#view.stage);
    this.#view.cancel.addEventListener('click', () => this.cancel());
    this.#view.action.addEventListener('click', () => this.#pressed());
  }

  connectedCallback() {
    this.#speak();
    if (!this.#liveness) this.#idle();
    this.dispatchEvent(new CustomEvent('ready', { bubbles: true, composed: true, detail: { type: 'ready' } }));
  }

  /** Leaving the page ends the attempt and frees the camera. */
  disconnectedCallback() {
    this.#announcer.stop();
    // Moves inside the document reconnect at once; only a real removal cancels.
    queueMicrotask(() => {
      if (!this.isConnected) this.cancel();
    });
  }

  attributeChangedCallback() {
    this.#speak();
    if (!this.#liveness && this.isConnected) this.#idle();
  }

  /** The preview, for attempts that the page makes itself. */
  get video() {
    return this.#view.video;
  }

  /** The running attempt. */
  get liveness() {
    return this.#liveness;
  }

  /** Starts with the element's attributes; resolves with the outcome. @param {object} [options] */
  async start(options = {}) {
    const token = options.bizToken ?? this.getAttribute('biz-token') ?? (await this.tokenProvider?.()) ?? '';
    return this.run({ ...options, bizToken: token }).closed;
  }

  /** Makes, shows and starts an attempt. @param {object} options @returns {Liveness} */
  run(options) {
    const { element: _, ...rest } = options;
    const liveness = new Liveness({
      server: this.getAttribute('server') ?? '',
      lang: this.#texts.lang,
      cameraId: this.getAttribute('camera-id') ?? undefined,
      assetBase: this.getAttribute('asset-base') ?? undefined,
      workerUrl: this.getAttribute('worker-url') ?? undefined,
      ...this.options,
      ...rest,
      video: this.video,
    });
    this.attach(liveness);
    liveness.start().catch(() => {});
    return liveness;
  }

  /** Shows an attempt that somebody else makes; its video must be this element's. @param {Liveness} liveness */
  attach(liveness) {
    this.#liveness?.cancel();
    this.#offscreen?.abort();
    this.#offscreen = new AbortController();
    this.#liveness = liveness;
    this.#fault = '';
    this.#view.ring.reset(3);
    this.#state('not_started');
    const { signal } = this.#offscreen;
    for (const type of ['state', 'prompt', 'progress', 'guidance', 'action', 'wrong-action', 'blink', 'camera', 'camera-fault', 'needs-tap', 'engine-ready', 'closed']) {
      liveness.addEventListener(type, (event) => this.#on(event.detail), { signal });
    }
    this.#view.prompt.focus({ preventScroll: true });
  }

  /** The person gives up. */
  cancel() {
    this.#liveness?.cancel();
  }

  #on(event) {
    const texts = this.#texts;
    switch (event.type) {
      case 'state':
        if (event.state !== 'closed') this.#state(event.state);
        break;
      case 'prompt':
        if (event.of !== this.#view.ring.count) this.#view.ring.reset(event.of);
        for (let done = 1; done < event.step; done += 1) this.#view.ring.progress(done, 1);
        this.#view.show({ phase: 'act', prompt: texts.prompts[event.action], figure: event.action });
        this.#view.steps(event.step, event.of, texts.own.step(event.step, event.of));
        this.#announcer.now([texts.own.step(event.step, event.of), texts.prompts[event.action]].join(texts.own.stop));
        break;
      case 'progress':
        this.#view.ring.progress(event.step, event.fraction);
        break;
      case 'action':
        this.#view.ring.progress(event.step, 1);
        break;
      case 'guidance':
        this.#view.guidance(event.guidance ? (texts.guidance[event.guidance] ?? '') : '');
        this.#announcer.later(event.guidance ? (texts.guidance[event.guidance] ?? '') : '');
        break;
      case 'camera-fault':
        this.#fault = event.fault;
        break;
      case 'needs-tap':
        this.#view.show({ phase: 'loading', prompt: texts.own.tap, button: texts.ui.start, mark: 'ghost' });
        break;
      case 'closed':
        this.#closed(event);
        break;
      default:
        break;
    }
    this.#pass(event);
    if (event.type === 'closed') this.#pass({ ...event, type: 'result' });
  }

  #state(state) {
    const texts = this.#texts;
    const phase = PHASES[state] ?? 'loading';
    // During an action its own prompt is on the screen.
    if (state === 'act') return;
    const text = state === 'not_started' ? texts.ui.loading : texts.states[state];
    this.#view.show({ phase, prompt: text, mark: phase === 'loading' ? 'ghost' : '' });
    if (phase === 'sending') this.#view.ring.fill();
    this.#announcer.now(text);
  }

  #closed({ code, message, retryable }) {
    const texts = this.#texts;
    const passed = code === 51000;
    const sentence = passed ? '' : (texts.camera[this.#fault] ?? outcomeText(texts, code, message).text);
    const title = passed ? texts.ui.success : texts.ui.failure;
    if (passed) this.#view.ring.fill();
    this.#view.show({
      phase: passed ? 'passed' : 'failed',
      prompt: title,
      sentence,
      button: passed || !retryable ? '' : texts.ui.retry,
      mark: passed ? 'passed' : this.#fault ? 'camera' : retryable ? 'failed' : 'ended',
      cancellable: false,
    });
    this.#announcer.now(sentence ? [title, sentence].join(texts.own.stop) : title);
    this.#liveness = null;
    if (this.#view.stage.contains(this.shadowRoot.activeElement)) (this.#view.action.hidden ? this.#view.prompt : this.#view.action).focus({ preventScroll: true });
  }

  #idle() {
    const { ui } = this.#texts;
    this.#view.show({ phase: 'idle', prompt: ui.welcome, sentence: ui.welcome_steps, button: ui.start, mark: 'ghost', cancellable: false });
  }

  /** The one button: start, tap to play, or retry. */
  #pressed() {
    if (this.#liveness) {
      this.#liveness.resume();
      this.#state(this.#liveness.state);
      return;
    }
    const retrying = this.#view.stage.dataset.phase === 'failed';
    if (retrying) {
      const event = new CustomEvent('retry', { bubbles: true, composed: true, cancelable: true, detail: { type: 'retry' } });
      if (!this.dispatchEvent(event)) return;
      // Tokens are for one use; without a provider the page has to bring a new one.
      if (!this.tokenProvider) return;
      this.removeAttribute('biz-token');
    }
    this.start().catch((error) => console.error('faceid-liveness:', error));
  }

  #speak() {
    const tag = this.getAttribute('lang') || this.closest('[lang]')?.getAttribute('lang') || navigator.language || 'en';
    this.#texts = textsFor(tag);
    this.#view.language(this.#texts);
  }

  #pass(event) {
    this.dispatchEvent(new CustomEvent(event.type, { bubbles: true, composed: true, detail: event }));
  }
}
