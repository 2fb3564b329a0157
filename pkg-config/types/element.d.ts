import type { Liveness, LivenessEvents, LivenessOptions, Outcome } from './index';

/** Events of the element: those of the attempt, plus these. All bubble and are composed. */
export interface ElementEvents extends LivenessEvents {
  ready: { type: 'ready' };
  /** Every end, beside `closed`. */
  result: Omit<Outcome, 'type'> & { type: 'result' };
  /** The person asks for another go. Cancelable; without a `tokenProvider` the page brings a new token and calls `start`. */
  retry: { type: 'retry' };
}

/** `<faceid-liveness biz-token server lang camera-id asset-base worker-url>` */
export class FaceIdLivenessElement extends HTMLElement {
  /** Brings a new one-use token for Start and Retry. */
  tokenProvider: (() => Promise<string>) | null;
  /** More settings for every attempt. */
  options: Partial<LivenessOptions>;
  readonly video: HTMLVideoElement;
  readonly liveness: Liveness | null;
  /** Starts; resolves with the outcome. */
  start(options?: Partial<LivenessOptions>): Promise<Outcome>;
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
