/** Texts of the demo page: the generated ones and a few of its own. */
import en from './faceid/text/en.js';
import zh from './faceid/text/zh.js';

const OWN = {
  en: { backend: 'What your own backend learned from get_result:', fill: 'Please fill in name and ID number.', consentFirst: 'Please tick the consent first.', refused: 'The check could not be started' },
  zh: { backend: '您的后端通过 get_result 得到的结果：', fill: '请填写姓名和证件号码。', consentFirst: '请先勾选同意。', refused: '无法开始核验' },
};

/** @param {'en' | 'zh'} lang */
export function words(lang) {
  return { ...(lang === 'zh' ? zh : en), own: OWN[lang] };
}
