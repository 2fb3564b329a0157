/** `<faceid-liveness>`: shows an attempt. */
import { Liveness } from '../lib/liveness.js';
import { outcomeText } from '../text/lookup.js';
import { rememberCamera, rememberedCamera } from '../lib/cameras.js';
import { checkSupport } from '../lib/support.js';
import { Announcer } from './announcer.js';
import { CANCELLED, NO_TOKEN, endType, tokenFrom } from './endings.js';
import { styles } from './styles.js';
import { loadTexts, stepText, textsFor } from './texts.js';
import { View } from './view.js';
import { Voice } from './voice.js';

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

/** Before a start. */
const idle = ({ ui }) => ({ phase: 'idle', prompt: ui.welcome, sentence: ui.welcome_steps, button: ui.start, mark: 'ghost', cancellable: false });
const ACTIONS = ['nod', 'shake', 'blink', 'mouth'];
/** These names mean something else to whoever is around the element. */
const SILENT = new Set(['error', 'cancel']);

/**
 * Attributes: `biz-token`, `server`, `lang`, `theme` (light, dark), `voice`, `excluded-actions`, `camera-id`, `asset-base`, `worker-url`.
 * Properties: `tokenProvider` (async () => token, used by Start and Retry), `options` (more of LivenessOptions), `recordedVoice` (key → URL).
 * Events are composed; all but `error` and `cancel` bubble: those of `Liveness`, exactly one of `result`, `error`, `cancel` for each start,
 * `ready` or `unsupported`, `permission`, `submit`, and the cancelable `retry` and `alternative-requested`.
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
  #voice = new Voice();
  #fault = '';
  #offscreen = null;
  /** Actions the person cannot do, as told by the attribute, the page, or the person. @type {Set<string>} */
  #excluded = new Set();
  #action = '';
  /** What is on the screen, in whatever language: made anew when the language changes. @type {(texts: object) => Parameters<View['show']>[0]} */
  #screen = idle;
  /** Key of the hint on the screen. */
  #hint = '';
  #tag = '';
  /** The camera in use. */
  #camera = '';
  /** A start that waits for its token. @type {AbortController | null} */
  #waiting = null;

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [styles()];
    root.append(this.#view.stage);
    this.#view.cancel.addEventListener('click', () => this.cancel());
    this.#view.action.addEventListener('click', () => this.#pressed());
    this.#view.other.addEventListener('click', () => this.#cannot());
    this.#view.cameras.addEventListener('change', () => this.#choose(this.#view.cameras.value));
  }

  connectedCallback() {
    this.#speak();
    const { supported, findings, container } = checkSupport();
    this.#pass(supported ? { type: 'ready' } : { type: 'unsupported', findings, container });
  }

  /** Leaving the page ends the attempt and frees the camera. */
  disconnectedCallback() {
    this.#announcer.stop();
    // Moves inside the document reconnect at once; only a real removal cancels.
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.cancel();
      this.#screen = idle;
      this.#view.countdown.stop();
      this.#view.ring.reset(3);
    });
  }

  attributeChangedCallback() {
    this.#speak();
  }

  /** The preview, for attempts that the page makes itself. */
  get video() {
    return this.#view.video;
  }

  /** The running attempt. */
  get liveness() {
    return this.#liveness;
  }

  /** Recorded prompts: URLs by action (`nod` …), used with the `voice` attribute. @param {Record<string, string>} files */
  set recordedVoice(files) {
    this.#voice.recorded = files;
  }

  /**
   * Starts with the element's attributes. Resolves with the outcome, whatever it is; a start before the end of another cancels that one.
   * @param {object} [options]
   */
  async start(options = {}) {
    this.cancel();
    let bizToken = options.bizToken ?? this.options.bizToken ?? this.getAttribute('biz-token') ?? '';
    if (!bizToken && this.tokenProvider) {
      this.#waiting = new AbortController();
      const { signal } = this.#waiting;
      this.#state('not_started');
      try {
        bizToken = await tokenFrom(this.tokenProvider, signal);
      } catch (error) {
        if (!signal.aborted) console.error('faceid-liveness:', error);
        const end = signal.aborted ? CANCELLED : NO_TOKEN;
        // A newer start has the screen.
        if (this.#waiting?.signal === signal) this.#closed(end);
        this.#end(end);
        return end;
      } finally {
        if (this.#waiting?.signal === signal) this.#waiting = null;
      }
    }
    return this.run({ ...options, bizToken }).closed;
  }

  /** Another go, as the person's button does it; needs a `tokenProvider`, or a token in `options`. @param {object} [options] */
  retry(options = {}) {
    this.removeAttribute('biz-token');
    return this.start(options);
  }

  /** Makes, shows and starts an attempt. @param {object} options @returns {Liveness} */
  run(options) {
    const { element: _, ...rest } = options;
    const excluded = rest.excludedActions ?? this.options.excludedActions ?? this.#attributeExcluded();
    for (const action of excluded) this.#excluded.add(action);
    const liveness = new Liveness({
      server: this.getAttribute('server') ?? '',
      lang: this.#texts.lang,
      cameraId: this.getAttribute('camera-id') || rememberedCamera(),
      assetBase: this.getAttribute('asset-base') ?? undefined,
      workerUrl: this.getAttribute('worker-url') ?? undefined,
      ...this.options,
      ...rest,
      excludedActions: [...this.#excluded],
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
    this.#voice.on = this.hasAttribute('voice');
    this.#fault = '';
    this.#view.ring.reset(3);
    this.#state('not_started');
    const { signal } = this.#offscreen;
    for (const type of ['state', 'prompt', 'progress', 'upload', 'guidance', 'action', 'wrong-action', 'blink', 'camera', 'cameras', 'camera-fault', 'needs-tap', 'engine-ready', 'closed']) {
      liveness.addEventListener(type, (event) => this.#on(event.detail), { signal });
    }
    this.#view.prompt.focus({ preventScroll: true });
  }

  /** The person gives up. */
  cancel() {
    this.#waiting?.abort();
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
        this.#action = event.action;
        this.#show((words) => ({ phase: 'act', prompt: words.prompts[event.action], figure: event.action, other: words.own.cannot }));
        this.#view.countdown.start(event.leftMs, () => this.#hurry());
        this.#voice.say(event.action, texts.prompts[event.action], texts.lang);
        this.#view.steps(event.step, event.of, stepText(texts, event.step, event.of));
        this.#announcer.now([stepText(texts, event.step, event.of), texts.prompts[event.action]].join(texts.own.stop));
        break;
      case 'progress':
        this.#view.ring.progress(event.step, event.fraction);
        break;
      case 'upload':
        this.#view.upload(event.fraction);
        break;
      case 'action':
        this.#view.ring.progress(event.step, 1);
        break;
      case 'guidance':
        this.#hint = event.guidance ?? '';
        this.#view.guidance(texts.guidance[this.#hint] ?? '');
        this.#announcer.later(texts.guidance[this.#hint] ?? '');
        break;
      case 'camera':
        this.#pass({ type: 'permission', state: 'granted' });
        break;
      case 'cameras':
        this.#camera = event.current ?? '';
        this.#view.choice(event.cameras, event.current, texts.ui.camera);
        break;
      case 'camera-fault':
        this.#fault = event.fault;
        if (event.fault === 'denied') this.#pass({ type: 'permission', state: 'denied' });
        break;
      case 'needs-tap':
        this.#show((words) => ({ phase: 'loading', prompt: words.own.tap, button: words.ui.start, mark: 'ghost' }));
        break;
      case 'closed':
        this.#closed(event);
        break;
      default:
        break;
    }
    if (event.type === 'closed') this.#end(event);
    else this.#pass(event);
  }

  /** Once for each prompt; the hint is said again after it, if it still holds. */
  #hurry() {
    const { ui, guidance } = this.#texts;
    this.#announcer.now(ui.hurry);
    this.#announcer.later(guidance[this.#hint] ?? '');
  }

  #end(outcome) {
    this.#pass(outcome);
    this.#pass({ ...outcome, type: endType(outcome) });
  }

  #state(state) {
    const texts = this.#texts;
    const phase = PHASES[state] ?? 'loading';
    if (state === 'wait_camera') this.#pass({ type: 'permission', state: 'asked' });
    if (state === 'submit') this.#pass({ type: 'submit' });
    // During an action its own prompt is on the screen.
    if (state === 'act') return;
    const text = (words) => (state === 'not_started' ? words.ui.loading : words.states[state]);
    this.#show((words) => ({ phase, prompt: text(words), mark: phase === 'loading' ? 'ghost' : '' }));
    if (phase === 'sending') this.#view.ring.fill();
    this.#announcer.now(text(texts));
  }

  #closed({ code, message, retryable }) {
    const passed = code === 51000;
    const fault = this.#fault;
    if (passed) this.#view.ring.fill();
    this.#show((words) => ({
      phase: passed ? 'passed' : 'failed',
      prompt: passed ? words.ui.success : words.ui.failure,
      sentence: passed ? '' : (words.camera[fault] ?? outcomeText(words, code, message).text),
      button: passed || !retryable ? '' : words.ui.retry,
      mark: passed ? 'passed' : fault ? 'camera' : retryable ? 'failed' : 'ended',
      cancellable: false,
    }));
    const { prompt, sentence } = this.#screen(this.#texts);
    this.#announcer.now(sentence ? [prompt, sentence].join(this.#texts.own.stop) : prompt);
    this.#voice.stop();
    this.#liveness = null;
    if (this.#view.stage.contains(this.shadowRoot.activeElement)) (this.#view.action.hidden ? this.#view.prompt : this.#view.action).focus({ preventScroll: true });
  }

  #show(screen) {
    this.#screen = screen;
    // Time and share belong to the screen that they came with.
    this.#view.countdown.stop();
    this.#view.upload(null);
    // Hints are for whoever sits before the camera.
    if (!['align', 'act'].includes(screen(this.#texts).phase)) this.#hint = '';
    this.#paint();
  }

  #paint() {
    this.#view.show(this.#screen(this.#texts));
    this.#view.guidance(this.#texts.guidance[this.#hint] ?? '');
  }

  /** The one button: start, tap to play, or retry. */
  #pressed() {
    this.#voice.on = this.hasAttribute('voice');
    this.#voice.prime();
    if (this.#liveness) {
      this.#liveness.resume();
      this.#state(this.#liveness.state);
      return;
    }
    const retrying = this.#view.stage.dataset.phase === 'failed';
    if (retrying) {
      // Tokens are for one use; without a provider the page has to bring a new one.
      if (this.#pass({ type: 'retry' }, true) && this.tokenProvider) this.retry();
      return;
    }
    this.start();
  }

  /** The person takes another camera: now, if that can still be, and from now on. @param {string} id */
  #choose(id) {
    rememberCamera(id);
    // After the end it is for the next attempt.
    if (this.#liveness && !this.#liveness.useCamera(id)) this.#view.cameras.value = this.#camera;
  }

  /** The person cannot do what is asked: the page decides, or a new attempt leaves this action out. */
  #cannot() {
    const excludedActions = [...new Set([...this.#excluded, this.#action])];
    const goes = this.#pass({ type: 'alternative-requested', action: this.#action, excludedActions }, true);
    if (goes && this.tokenProvider && ACTIONS.some((action) => !excludedActions.includes(action))) this.retry({ excludedActions });
  }

  #attributeExcluded() {
    return (this.getAttribute('excluded-actions') ?? '').split(/[\s,]+/).filter(Boolean);
  }

  #speak() {
    const tag = this.getAttribute('lang') || this.closest('[lang]')?.getAttribute('lang') || navigator.language || 'en';
    this.#tag = tag;
    this.#texts = textsFor(tag);
    this.#view.language(this.#texts);
    this.#paint();
    loadTexts(tag).then((fresh) => {
      if (fresh && this.#tag === tag) this.#speak();
    });
  }

  /** @returns {boolean} false when a listener prevented what comes next */
  #pass(event, cancelable = false) {
    return this.dispatchEvent(new CustomEvent(event.type, { bubbles: !SILENT.has(event.type), composed: true, cancelable, detail: event }));
  }
}
