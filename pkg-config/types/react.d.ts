import type { ForwardRefExoticComponent, HTMLAttributes, RefAttributes } from 'react';
import type { ElementAttributes, ElementEvents, FaceIdLivenessElement } from './element.js';

type Listener<K extends keyof ElementEvents> = (event: CustomEvent<ElementEvents[K]>) => void;

export interface FaceIdLivenessProps extends ElementAttributes, Omit<HTMLAttributes<HTMLElement>, 'onError' | 'onProgress' | 'onSubmit' | 'lang'> {
  tokenProvider?: FaceIdLivenessElement['tokenProvider'];
  options?: FaceIdLivenessElement['options'];
  recordedVoice?: Record<string, string>;
  onReady?: Listener<'ready'>;
  onUnsupported?: Listener<'unsupported'>;
  onPermission?: Listener<'permission'>;
  onPrompt?: Listener<'prompt'>;
  onProgress?: Listener<'progress'>;
  onUpload?: Listener<'upload'>;
  onAction?: Listener<'action'>;
  onGuidance?: Listener<'guidance'>;
  onSubmit?: Listener<'submit'>;
  onResult?: Listener<'result'>;
  onError?: Listener<'error'>;
  onCancel?: Listener<'cancel'>;
  onRetry?: Listener<'retry'>;
  onAlternativeRequested?: Listener<'alternative-requested'>;
}

/** The element as a component; the ref is the element. */
export const FaceIdLiveness: ForwardRefExoticComponent<FaceIdLivenessProps & RefAttributes<FaceIdLivenessElement>>;

/** Prop → event of the element. */
export const EVENTS: Readonly<Record<string, keyof ElementEvents>>;

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'faceid-liveness': ElementAttributes & HTMLAttributes<HTMLElement> & RefAttributes<FaceIdLivenessElement>;
    }
  }
}
