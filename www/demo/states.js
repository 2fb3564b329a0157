/** Every look of the element, by scripted events: for screenshots and for whoever restyles it. `?state=NAME&lang=zh&bare=1` */
import './faceid/element/index.js';

const query = new URLSearchParams(location.search);
const element = document.getElementById('liveness');
if (query.get('lang')) element.setAttribute('lang', query.get('lang'));

const state = (name) => ({ type: 'state', state: name });
const act = (action, step, fraction, guidance = null, leftMs = 20_000) => [
  state('act'),
  { type: 'prompt', step, of: 3, action, leftMs },
  { type: 'progress', step, fraction },
  { type: 'guidance', guidance },
];
const closed = (code, message, retryable) => ({ type: 'closed', code, message, retryable, fromServer: true, blame: 'user' });
const STATES = {
  idle: [],
  loading: [state('not_started')],
  permission: [state('wait_camera')],
  tap: [state('wait_camera'), { type: 'needs-tap' }],
  align: [state('align_face'), { type: 'guidance', guidance: 'too_far' }],
  cameras: [state('align_face'), { type: 'cameras', cameras: [{ id: 'a', label: 'Integrated Camera' }, { id: 'b', label: 'A USB camera with rather a long name (0bda:5842)' }], current: 'a' }],
  calibrate: [state('calibrate'), { type: 'progress', step: 0, fraction: 0.6 }],
  nod: act('nod', 1, 0.4),
  shake: act('shake', 2, 0.3, 'slower'),
  blink: act('blink', 2, 0.7),
  mouth: act('mouth', 3, 0.5, 'wrong_action'),
  hurry: act('nod', 1, 0.4, 'slower', 4900),
  uploading: [...act('mouth', 3, 1), state('submit'), { type: 'upload', fraction: 0.6 }],
  verdict: [...act('mouth', 3, 1), state('await_verdict')],
  success: [...act('mouth', 3, 1), closed(51000, 'SUCCESS', false)],
  failure: [...act('shake', 2, 0.3), closed(54200, 'ACTION_ERROR', true)],
  different: [...act('mouth', 3, 1), closed(52000, 'PASS_LIVING_NOT_THE_SAME', false)],
  denied: [state('wait_camera'), { type: 'camera-fault', fault: 'denied' }, closed(56000, 'NO_CAMERA_PERMISSION', true)],
  network: [state('submit'), closed(56000, 'NETWORK_ERROR', true)],
};

/** Stands in for an attempt: only the page's side of it. */
class Scripted extends EventTarget {
  state = 'not_started';
  cancel() {}
  async resume() {}
  useCamera() {
    return false;
  }
  play(events) {
    for (const event of events) this.dispatchEvent(new CustomEvent(event.type, { detail: event }));
  }
}

async function show(name) {
  if (name === 'idle') return;
  const scripted = new Scripted();
  element.attach(scripted);
  if (!['loading', 'permission', 'tap', 'denied', 'success', 'failure', 'different', 'uploading', 'verdict', 'network'].includes(name)) await preview();
  scripted.play(STATES[name]);
}

/** A drawn sitter instead of a camera, so that pictures of the page hold no person. */
async function preview() {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [480, 640];
  const c = canvas.getContext('2d');
  const light = c.createLinearGradient(0, 0, 0, 640);
  light.addColorStop(0, '#5d6f7d');
  light.addColorStop(1, '#2d3942');
  const ellipse = (x, y, rx, ry, fill) => {
    c.fillStyle = fill;
    c.beginPath();
    c.ellipse(x, y, rx, ry, 0, 0, 2 * Math.PI);
    c.fill();
  };
  c.fillStyle = light;
  c.fillRect(0, 0, 480, 640);
  ellipse(240, 650, 210, 150, '#3f5b73');
  ellipse(240, 255, 142, 165, '#3a2c25');
  c.fillStyle = '#c99a7c';
  c.fillRect(195, 420, 90, 110);
  ellipse(240, 300, 122, 158, '#d9ab8c');
  for (const x of [195, 285]) {
    ellipse(x, 285, 17, 10, '#f4f1ec');
    ellipse(x, 285, 8, 9, '#3b2b22');
  }
  ellipse(240, 385, 36, 9, '#a9645a');
  element.video.srcObject = canvas.captureStream(5);
  await element.video.play().catch(() => {});
}

const nav = document.getElementById('nav');
nav.hidden = query.has('bare');
nav.append(...Object.keys(STATES).map((name) => Object.assign(document.createElement('a'), { href: `?state=${name}&lang=${query.get('lang') ?? ''}`, textContent: name })));
// For whoever goes through all of them.
globalThis.__show = show;
globalThis.__states = Object.keys(STATES);
await show(query.get('state') ?? 'idle');
document.body.dataset.ready = 'true';
