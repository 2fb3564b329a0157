/**
 * For the tests of whoever builds a page around the element: attempts without camera, cloud or networks, as fast as your clock. They go through
 * the element exactly as real ones do. Nothing of this belongs into a page that people use.
 */

/** Milliseconds between two events with the real clock. */
const PACE_MS = 40;
/** What every prompt says is left, ms. */
const ACTION_MS = 20_000;
const ROWS = {
  pass: { code: 51000, message: 'SUCCESS', fromServer: true, blame: 'nobody', retryable: false },
  'other-person': { code: 52000, message: 'PASS_LIVING_NOT_THE_SAME', fromServer: true, blame: 'user', retryable: false },
  'wrong-action': { code: 54200, message: 'ACTION_ERROR', fromServer: true, blame: 'user', retryable: true },
  attack: { code: 54100, message: 'FAIL_LIVING_FACE_ATTACK', fromServer: true, blame: 'user', retryable: true },
  'token-used': { code: 54200, message: 'BIZ_TOKEN_DENIED', fromServer: true, blame: 'integrator', retryable: true },
  'no-permission': { code: 56000, message: 'NO_CAMERA_PERMISSION', fromServer: false, blame: 'user', retryable: true },
  'no-camera': { code: 56000, message: 'DEVICE_NOT_SUPPORT', fromServer: false, blame: 'device', retryable: true },
  network: { code: 56000, message: 'NETWORK_ERROR', fromServer: false, blame: 'network', retryable: true },
  cancel: { code: 56000, message: 'USER_CANCEL', fromServer: false, blame: 'user', retryable: true },
};
/** Names of the endings. */
export const SCENARIOS = Object.freeze(Object.keys(ROWS));

const state = (name) => ({ type: 'state', state: name });

/** The events of an attempt in their order. @param {string} scenario @param {string[]} actions */
export function eventsOf(scenario, actions = ['nod', 'blink', 'mouth']) {
  const row = ROWS[scenario];
  if (!row) throw new RangeError(`no scenario is called ${scenario}; there are ${SCENARIOS.join(', ')}`);
  const end = { type: 'closed', ...row };
  if (scenario === 'token-used') return [end];
  const camera = [state('wait_camera')];
  if (scenario === 'no-permission' || scenario === 'no-camera') return [...camera, { type: 'camera-fault', fault: scenario === 'no-camera' ? 'not_found' : 'denied' }, end];
  const ready = [...camera, { type: 'engine-ready' }, { type: 'camera', label: 'testkit', width: 640, height: 480 }, state('align_face'), state('calibrate'), { type: 'progress', step: 0, fraction: 1 }, state('await_challenge')];
  const of = actions.length;
  const acted = actions.flatMap((action, i) => [state('act'), { type: 'prompt', step: i + 1, of, action, leftMs: ACTION_MS }, { type: 'progress', step: i + 1, fraction: 0.5 }, { type: 'action', step: i + 1, action }, state('commit')]);
  if (scenario === 'network') return [...ready, ...acted.slice(0, 5), end];
  if (scenario === 'cancel') return [...ready, ...acted.slice(0, 3), end];
  const sent = [0.5, 1].map((fraction) => ({ type: 'upload', fraction }));
  return [...ready, ...acted, state('submit'), ...sent, state('await_verdict'), end];
}

/** Stands in for `Liveness`: same events, same promise, same methods. */
export class ScriptedLiveness extends EventTarget {
  /**
   * @param {string} scenario one of SCENARIOS
   * @param {{actions?: string[], wait?: (ms: number) => Promise<unknown>}} [options] `wait` is the clock; `async () => {}` takes no time
   */
  constructor(scenario, { actions, wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms)) } = {}) {
    super();
    this.state = 'not_started';
    this.returnPrefixes = [];
    this.closed = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#events = eventsOf(scenario, actions);
    this.#wait = wait;
  }

  #resolve;
  #events;
  #wait;
  #over = false;

  async init() {}

  async resume() {}

  useCamera() {
    return false;
  }

  /** Plays the events; resolves with the outcome. */
  async start() {
    for (const event of this.#events) {
      await this.#wait(PACE_MS);
      if (this.#over) break;
      this.#tell(event);
    }
    return this.closed;
  }

  cancel() {
    if (!this.#over) this.#tell({ type: 'closed', ...ROWS.cancel });
  }

  #tell(event) {
    if (event.type === 'state') this.state = event.state;
    if (event.type === 'closed') {
      this.#over = true;
      this.state = 'closed';
    }
    this.dispatchEvent(new CustomEvent(event.type, { detail: event }));
    if (event.type === 'closed') this.#resolve(event);
  }
}

/**
 * From now on this element plays scenarios instead of opening a camera; `tokenProvider` and `biz-token` are used as ever. Given the class's
 * prototype, every element does.
 * @param {HTMLElement & {run: Function, attach: Function}} element
 * @param {string | ((options: object) => string)} scenario one of SCENARIOS, or a choice for each start
 * @param {{actions?: string[], wait?: (ms: number) => Promise<unknown>}} [options]
 * @returns {() => void} puts the camera back
 */
export function script(element, scenario, options) {
  const before = Object.getOwnPropertyDescriptor(element, 'run');
  element.run = function run(given) {
    const attempt = new ScriptedLiveness(typeof scenario === 'function' ? scenario(given) : scenario, options);
    this.attach(attempt);
    attempt.start();
    return attempt;
  };
  return () => {
    if (before) Object.defineProperty(element, 'run', before);
    else delete element.run;
  };
}
