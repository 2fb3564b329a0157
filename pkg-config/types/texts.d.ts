import type { Texts } from './codes.js';

/** Every text of one language. */
declare const texts: Texts;
export default texts;
