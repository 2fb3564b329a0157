/** The time that is left for an action: a fine line inside the ring that grows shorter, and a number for the last seconds. Nothing flashes. */
import { svg, track } from './ring.js';

/** From here on there is a number, ms. */
const LAST_MS = 5000;
/** Between two looks at the clock, ms; the line's transition takes as long. */
const TICK_MS = 1000;
/** Nobody is told of last seconds that begin this soon after the prompt, ms: it would be talked over. */
const QUIET_MS = 2000;

export class Countdown {
  #given = 0;
  #ends = 0;
  #timer = 0;
  /** @type {(() => void) | null} */
  #last = null;

  /** @param {HTMLElement} node what holds line and number */
  constructor(node) {
    this.node = node;
    this.line = track(134, 184, 'time');
    this.number = document.createElement('span');
    node.append(svg('svg', { viewBox: '0 0 300 400', class: 'ring', 'aria-hidden': 'true' }, [this.line]), this.number);
    this.stop();
  }

  /**
   * From a prompt on.
   * @param {number | undefined} ms until time runs out; unknown shows nothing
   * @param {() => void} last called once, when the last seconds have begun and the page is in view
   */
  start(ms, last) {
    this.stop();
    if (!(ms > 0)) return;
    this.#given = ms;
    this.#ends = performance.now() + ms;
    this.#last = ms >= LAST_MS + QUIET_MS ? last : null;
    this.node.hidden = false;
    this.#tick();
  }

  stop() {
    clearTimeout(this.#timer);
    this.node.hidden = true;
    this.number.textContent = '';
  }

  /** Everything is reckoned from the deadline: a page that was hidden, or whose timers were late, shows what is left now. */
  #tick() {
    const left = this.#ends - performance.now();
    if (left <= 0) {
      this.stop();
      return;
    }
    const wait = left % TICK_MS || TICK_MS;
    // Where the line will be at the next look.
    this.line.setAttribute('stroke-dasharray', `${(100 * (left - wait)) / this.#given} 200`);
    this.number.textContent = String(Math.ceil(left / 1000));
    // Until then for whoever asks for it by screen reader.
    this.number.className = left > LAST_MS ? 'hidden-text' : '';
    if (left <= LAST_MS && !document.hidden) {
      this.#last?.();
      this.#last = null;
    }
    this.#timer = setTimeout(() => this.#tick(), wait);
  }
}
