/** Which language the element speaks. English and Simplified Chinese are at hand, the others are fetched when they are wanted. */
import en from '../text/en.js';
import zh from '../text/zh.js';

/** What the element needs beyond the generated texts. */
const OWN = {
  en: { tap: 'Tap to start the camera', step: 'Step {i} of {n}', cannot: 'I can’t do this', stop: '. ' },
  zh: { tap: '轻点以启动摄像头', step: '第 {i} 步，共 {n} 步', cannot: '我无法完成此动作', stop: '。' },
};

/** Literal imports, so that bundlers find the files. */
const MORE = {
  ar: () => import('../text/ar.js'),
  de: () => import('../text/de.js'),
  es: () => import('../text/es.js'),
  fr: () => import('../text/fr.js'),
  he: () => import('../text/he.js'),
  id: () => import('../text/id.js'),
  it: () => import('../text/it.js'),
  ja: () => import('../text/ja.js'),
  ko: () => import('../text/ko.js'),
  ms: () => import('../text/ms.js'),
  nl: () => import('../text/nl.js'),
  pl: () => import('../text/pl.js'),
  pt: () => import('../text/pt.js'),
  ru: () => import('../text/ru.js'),
  th: () => import('../text/th.js'),
  tr: () => import('../text/tr.js'),
  uk: () => import('../text/uk.js'),
  ur: () => import('../text/ur.js'),
  vi: () => import('../text/vi.js'),
  'zh-TW': () => import('../text/zh-TW.js'),
};
export const LANGUAGES = ['en', 'zh-CN', ...Object.keys(MORE)];

/** @type {Map<string, object>} */
const loaded = new Map([
  ['en', { ...en, own: OWN.en }],
  ['zh-CN', { ...zh, own: OWN.zh }],
]);

/** The language of ours that serves a tag. @param {string} tag BCP 47 */
export function languageOf(tag) {
  const [language, ...rest] = tag.toLowerCase().split(/[-_]/);
  if (language === 'zh') return rest.some((part) => ['hant', 'tw', 'hk', 'mo'].includes(part)) ? 'zh-TW' : 'zh-CN';
  // Names that older systems still use.
  const name = { iw: 'he', in: 'id' }[language] ?? language;
  return LANGUAGES.includes(name) ? name : 'en';
}

/** The texts if they are at hand, else English; `loadTexts` brings them. @param {string} tag */
export function textsFor(tag) {
  return loaded.get(languageOf(tag)) ?? loaded.get('en');
}

/**
 * Fetches a language. English stays when that fails: a missing file is no reason to end a check.
 * @param {string} tag @returns {Promise<boolean>} whether there is something new to show
 */
export async function loadTexts(tag) {
  const language = languageOf(tag);
  if (loaded.has(language)) return false;
  try {
    loaded.set(language, (await MORE[language]()).default);
    return true;
  } catch (error) {
    console.warn(`faceid-liveness: no texts for ${language}`, error);
    return false;
  }
}

/** `{i}` and `{n}` filled in. @param {object} texts @param {number} i @param {number} n */
export function stepText(texts, i, n) {
  return texts.own.step.replace('{i}', String(i)).replace('{n}', String(n));
}
