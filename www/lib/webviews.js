/**
 * Apps and browsers that show pages their own way. For wording only: what works is found out by trying, never by a name.
 * `camera`: yes = known to give pages the camera, host = the app's maker must switch it on, some = depends on device and version, no.
 */

const HOST_IOS = 'The app needs iOS 14.3, NSCameraUsageDescription and inline media playback; otherwise open the page in Safari.';
const HOST_ANDROID = 'The app must grant the page’s camera in onPermissionRequest; otherwise open the page in Chrome.';
const OWN_APP = 'Allow the camera for the app in the phone’s settings, then open the page again.';
const OUTSIDE = 'Use the menu to open the page in the system browser.';

/** `[id, name, pattern of the user agent, camera, remedy]`; the first that fits counts. */
export const WEBVIEWS = [
  ['wechat-mini', 'WeChat mini program', /miniProgram/i, 'yes', OWN_APP],
  ['wework', 'WeCom', /wxwork/i, 'some', OUTSIDE],
  ['wechat', 'WeChat', /MicroMessenger/i, 'yes', OWN_APP],
  ['alipay', 'Alipay', /AlipayClient/i, 'yes', OWN_APP],
  ['dingtalk', 'DingTalk', /DingTalk/i, 'some', OUTSIDE],
  ['lark', 'Lark', /\b(Lark|Feishu)\//i, 'some', OUTSIDE],
  ['douyin-mini', 'Douyin mini app', /ToutiaoMicroApp/i, 'some', OUTSIDE],
  ['tiktok', 'TikTok', /musical_ly|BytedanceWebview.*trill/i, 'some', OUTSIDE],
  ['douyin', 'Douyin', /aweme|NewsArticle/i, 'some', OUTSIDE],
  ['qq', 'QQ', /\bQQ\//, 'some', OUTSIDE],
  ['qq-browser', 'QQ Browser', /MQQBrowser/i, 'some', OUTSIDE],
  ['quark', 'Quark', /Quark\//i, 'some', OUTSIDE],
  ['uc', 'UC Browser', /UCBrowser|UCWEB/i, 'no', OUTSIDE],
  ['baidu', 'Baidu', /baiduboxapp|baidubrowser/i, 'no', OUTSIDE],
  ['weibo', 'Weibo', /Weibo/i, 'some', OUTSIDE],
  ['xiaomi', 'Xiaomi browser', /MiuiBrowser/i, 'some', OUTSIDE],
  ['huawei', 'Huawei browser', /HuaweiBrowser/i, 'yes', OWN_APP],
  ['oppo', 'OPPO browser', /HeyTapBrowser/i, 'yes', OWN_APP],
  ['vivo', 'vivo browser', /VivoBrowser/i, 'yes', OWN_APP],
  ['samsung', 'Samsung Internet', /SamsungBrowser/i, 'yes', OWN_APP],
  ['instagram', 'Instagram', /Instagram/i, 'some', OUTSIDE],
  ['facebook', 'Facebook', /FBA[NV]\b/, 'some', OUTSIDE],
  ['line', 'LINE', /\bLine\//, 'some', OUTSIDE],
  ['uni-app', 'UniApp', /uni-app|Html5Plus/i, 'host', HOST_ANDROID],
  ['android-webview', 'Android WebView', /; wv\)/, 'host', HOST_ANDROID],
  ['wkwebview', 'WKWebView', /(iPhone|iPad|iPod)(?!.*(Safari|CriOS|FxiOS|EdgiOS)\/)/, 'host', HOST_IOS],
];

/**
 * @param {string} userAgent
 * @param {{Capacitor?: unknown}} [globals] the page's
 * @returns {{id: string, name: string, camera: string, remedy: string} | null} null = an ordinary browser, or one that does not say
 */
export function containerOf(userAgent, globals = {}) {
  if (globals.Capacitor) return { id: 'capacitor', name: 'Capacitor', camera: 'host', remedy: /Android/.test(userAgent) ? HOST_ANDROID : HOST_IOS };
  const row = WEBVIEWS.find(([, , pattern]) => pattern.test(userAgent));
  if (!row) return null;
  const [id, name, , camera, remedy] = row;
  return { id, name, camera, remedy };
}
