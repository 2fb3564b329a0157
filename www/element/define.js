/** Registers the element, without a word about where the files are. */
import { FaceIdLivenessElement } from './element.js';

/** @param {string} [name] */
export function define(name = 'faceid-liveness') {
  if (globalThis.customElements && !customElements.get(name)) customElements.define(name, FaceIdLivenessElement);
}

export { FaceIdLivenessElement };
