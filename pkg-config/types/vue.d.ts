import type { DefineComponent } from 'vue';
import type { ElementAttributes } from './element.js';

export * from './element.js';

declare module 'vue' {
  interface GlobalComponents {
    'faceid-liveness': DefineComponent<ElementAttributes>;
  }
}
