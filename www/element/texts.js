/** Which language the element speaks. Texts are generated: see `www/text`. */
import en from '../text/en.js';
import zh from '../text/zh.js';

/** What the element needs beyond the generated texts. */
const OWN = {
  en: { tap: 'Tap to start the camera', step: (i, n) => `Step ${i} of ${n}`, stop: '. ', cannot: 'I can’t do this' },
  zh: { tap: '轻点以启动摄像头', step: (i, n) => `第 ${i} 步，共 ${n} 步`, stop: '。', cannot: '我无法完成此动作' },
};

/** @param {string} tag BCP 47 */
export function textsFor(tag) {
  const chinese = /^zh\b/i.test(tag);
  return { lang: chinese ? 'zh-CN' : 'en', ...(chinese ? zh : en), own: chinese ? OWN.zh : OWN.en };
}
