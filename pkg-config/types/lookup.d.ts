import type { OutcomeText, Texts } from './codes.js';

export * from './codes.js';

/** The text of an SDK outcome; a pair that this build does not know gets the text of `50000 UNKOWN_ERROR`. */
export function outcomeText(texts: Texts, code: number, message: string): OutcomeText;
