/** The self-test page: what this browser can do, whether the camera opens, how long the engine takes. Sends nothing anywhere. */
import { VERSION } from '../faceid/lib/version.js';
import { checkSupport, checkWithCamera } from '../faceid/lib/support.js';
import { assetUrls, startWorker } from '../faceid/lib/assets.js';
import '../faceid/lib/beside.js';

/** No engine takes longer on a device that can be used. */
const ENGINE_MS = 45_000;
const TEXTS = {
  en: {
    title: 'Can this device do a face check?', try: 'Try camera and engine', running: 'One moment …', report: 'Report for support', inside: (name) => `This page is shown by ${name}.`,
    good: (ms, w, h) => `Camera ${w} × ${h} works, the engine loaded in ${ms} ms.`, camera: (fault) => `The camera did not open: ${fault}.`, engine: (why) => `The engine did not load: ${why}`,
    tests: { secureContext: 'Secure connection', permissionsPolicy: 'Camera allowed by the framing page', camera: 'Camera access for pages', wasm: 'WebAssembly', simd: 'WebAssembly SIMD', worker: 'Web Workers', webCrypto: 'Web Crypto', customElements: 'Custom elements' },
  },
  zh: {
    title: '此设备能否进行人脸核验？', try: '测试摄像头和引擎', running: '请稍候……', report: '技术支持报告', inside: (name) => `此页面由 ${name} 打开。`,
    good: (ms, w, h) => `摄像头 ${w} × ${h} 正常，引擎加载用时 ${ms} 毫秒。`, camera: (fault) => `摄像头未能打开：${fault}。`, engine: (why) => `引擎未能加载：${why}`,
    tests: { secureContext: '安全连接', permissionsPolicy: '外层页面允许使用摄像头', camera: '网页可使用摄像头', wasm: 'WebAssembly', simd: 'WebAssembly SIMD', worker: 'Web Worker', webCrypto: 'Web Crypto', customElements: '自定义元素' },
  },
};

const $ = (id) => document.getElementById(id);
const lang = /^zh/i.test(new URLSearchParams(location.search).get('lang') ?? navigator.language) ? 'zh' : 'en';
const texts = TEXTS[lang];
const support = checkSupport();
const report = { version: VERSION, agent: navigator.userAgent, cores: navigator.hardwareConcurrency, screen: `${screen.width}x${screen.height}`, ...support };

document.documentElement.lang = lang === 'zh' ? 'zh-CN' : 'en';
document.title = texts.title;
$('title').textContent = texts.title;
$('try').textContent = texts.try;
$('report-label').textContent = texts.report;
$('container').textContent = support.container ? texts.inside(support.container.name) : '';
for (const [test, ok] of Object.entries(support.tests)) {
  const item = document.createElement('li');
  item.dataset.ok = String(ok);
  item.textContent = texts.tests[test];
  const finding = support.findings.find((f) => f.test === test);
  if (finding) item.append(Object.assign(document.createElement('small'), { lang: 'en', textContent: `${finding.reason} ${finding.remedy}` }));
  $('tests').append(item);
}
write();

$('try').addEventListener('click', async () => {
  $('try').disabled = true;
  $('result').textContent = texts.running;
  report.camera = await checkWithCamera();
  try {
    report.engineMs = await loadEngine();
  } catch (error) {
    report.engineFault = error.message;
  }
  const { camera, engineMs, engineFault } = report;
  $('result').textContent = !camera.ok ? texts.camera(camera.fault) : engineFault ? texts.engine(engineFault) : texts.good(engineMs, camera.width, camera.height);
  write();
  $('result').dataset.done = 'true';
  $('try').disabled = false;
});
document.body.dataset.ready = 'true';

/** Milliseconds until the worker has loaded everything. */
function loadEngine() {
  const begun = performance.now();
  const worker = startWorker({});
  return new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error(`nothing after ${ENGINE_MS} ms`)), ENGINE_MS);
    worker.addEventListener('error', (event) => reject(new Error(event.message || 'the worker did not start')));
    worker.addEventListener('message', ({ data }) => {
      if (data.type === 'ready') resolve(Math.round(performance.now() - begun));
      if (data.type === 'failed') reject(new Error(`${data.code}: ${data.reason}`));
    });
    worker.postMessage({ type: 'load', assets: assetUrls().engine });
  }).finally(() => worker.terminate());
}

function write() {
  $('report').textContent = JSON.stringify(report, null, 2);
}
