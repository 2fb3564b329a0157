import type { ActionName, Liveness, LivenessEvents, LivenessOptions, Outcome } from './index.js';
import type { Support } from './support.js';

type End<T extends string> = Omit<Outcome, 'type'> & { type: T };

/** Events of the element: those of the attempt, plus these. All are composed, and all but `error` and `cancel` bubble. */
export interface ElementEvents extends LivenessEvents {
  /** Once in the page, when the browser can do it … */
  ready: { type: 'ready' };
  /** … or this, with what is missing. */
  unsupported: { type: 'unsupported'; findings: Support['findings']; container: Support['container'] };
  permission: { type: 'permission'; state: 'asked' | 'granted' | 'denied' };
  /** The last evidence is on its way. */
  submit: { type: 'submit' };
  /** The cloud's word. One of `result`, `error` and `cancel` for each start. Never a verdict to trust: ask get_result on your server. */
  result: End<'result'>;
  /** Ended here: camera, network, settings, device. */
  error: End<'error'>;
  /** The person, or the page, gave up. */
  cancel: End<'cancel'>;
  /** The person asks for another go. Cancelable; without a `tokenProvider` the page brings a new token and calls `start`. */
  retry: { type: 'retry' };
  /** The person cannot do what is asked. Cancelable; with a `tokenProvider` a new attempt leaves these actions out, else the page decides. */
  'alternative-requested': { type: 'alternative-requested'; action: ActionName; excludedActions: ActionName[] };
}

/** Attributes, as written in HTML. */
export interface ElementAttributes {
  'biz-token'?: string;
  /** Base URL of the cloud; default: the page's own origin. */
  server?: string;
  /** BCP 47; default: the page's. */
  lang?: string;
  /** Default: what the system prefers. */
  theme?: 'light' | 'dark';
  /** Prompts are spoken. */
  voice?: boolean | '';
  /** Actions the person cannot do, with commas between. */
  'excluded-actions'?: string;
  /** `deviceId` of a camera; default: the one the person chose last on this site, else the best for a face. */
  'camera-id'?: string;
  'asset-base'?: string;
  'worker-url'?: string;
}

/**
 * `<faceid-liveness>`. Slots by phase (`idle`, `loading`, `align`, `act`, `sending`, `passed`, `failed`) stand in for the words and the button of
 * that phase; custom properties and parts are in custom-elements.json.
 */
export class FaceIdLivenessElement extends HTMLElement {
  /** Brings a new one-use token for Start and Retry, in 30 s. */
  tokenProvider: (() => Promise<string>) | null;
  /** More settings for every attempt. */
  options: Partial<LivenessOptions>;
  /** Recorded prompts: URLs by action, used with the `voice` attribute. */
  set recordedVoice(files: Record<string, string>);
  readonly video: HTMLVideoElement;
  readonly liveness: Liveness | null;
  /** Starts; resolves with the outcome, whatever it is. A start before the end of another cancels that one. */
  start(options?: Partial<LivenessOptions>): Promise<Outcome>;
  /** As the person's button does it; forgets the `biz-token` attribute. */
  retry(options?: Partial<LivenessOptions>): Promise<Outcome>;
  /** Makes, shows and starts an attempt. */
  run(options: LivenessOptions): Liveness;
  /** Shows an attempt made elsewhere with this element's video. */
  attach(liveness: Liveness): void;
  cancel(): void;
  addEventListener<K extends keyof ElementEvents>(type: K, listener: (event: CustomEvent<ElementEvents[K]>) => void, options?: AddEventListenerOptions | boolean): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: AddEventListenerOptions | boolean): void;
}

/** Registers the element, once. */
export function define(name?: string): void;

declare global {
  interface HTMLElementTagNameMap {
    'faceid-liveness': FaceIdLivenessElement;
  }
}
