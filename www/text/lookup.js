// What to say for a code and message of the SDK. The texts come from en.js or zh.js (type `Texts` in codes.d.ts).

const PLACEHOLDER = /<(?:key|param|reason)>$/;

/**
 * The text of an SDK outcome. The key is the code and the message together; filled placeholders are recognised.
 * A pair that this build does not know gets the text of `50000 UNKOWN_ERROR`.
 *
 * @param {import('../../pkg-config/types/codes').Texts} texts
 * @param {number} code
 * @param {string} message
 * @returns {import('../../pkg-config/types/codes').OutcomeText}
 */
export function outcomeText(texts, code, message) {
  const exact = texts.outcomes[`${code} ${message}`];
  if (exact) return exact;
  for (const [key, text] of Object.entries(texts.outcomes)) {
    const stem = key.replace(PLACEHOLDER, '');
    if (stem !== key && `${code} ${message}`.startsWith(stem) && `${code} ${message}`.length > stem.length) return text;
  }
  return texts.outcomes['50000 UNKOWN_ERROR'];
}
