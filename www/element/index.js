/** Registers `<faceid-liveness>`, once. */
import { FaceIdLivenessElement } from './element.js';

/** @param {string} [name] */
export function define(name = 'faceid-liveness') {
  if (globalThis.customElements && !customElements.get(name)) customElements.define(name, FaceIdLivenessElement);
}

define();
export { FaceIdLivenessElement };
