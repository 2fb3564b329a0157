/** A live region that does not flood screen readers: at most one message per pause, only what still holds, never twice in a row. */

export class Announcer {
  #pending = null;
  #urgent = false;
  /** Guidance that came while a prompt was waiting. */
  #after = '';
  #last = '';
  #spokenAt = -Infinity;
  #timer = 0;

  /** @param {HTMLElement} node the live region @param {number} [pause] ms between messages */
  constructor(node, pause = 1500) {
    this.node = node;
    this.pause = pause;
  }

  /** Prompts and ends: replaces whatever waits, and waits less. @param {string} text */
  now(text) {
    this.#urgent = true;
    this.#after = '';
    this.#queue(text, 150);
  }

  /** Guidance: spoken if it still holds after the pause, never in place of an unspoken prompt. @param {string} text */
  later(text) {
    this.#after = text;
    if (this.#urgent) return;
    this.#queue(text, Math.max(600, this.#spokenAt + this.pause - performance.now()));
  }

  /** Forgets what waits. */
  stop() {
    clearTimeout(this.#timer);
    this.#pending = null;
    this.#urgent = false;
    this.#after = '';
  }

  #queue(text, wait) {
    clearTimeout(this.#timer);
    this.#pending = text;
    if (!text || text === this.#last) {
      this.#urgent = false;
      return;
    }
    this.#timer = setTimeout(() => {
      this.#urgent = false;
      if (!this.#pending) return;
      this.#last = this.#pending;
      this.#spokenAt = performance.now();
      this.node.textContent = this.#pending;
      if (this.#after) this.later(this.#after);
    }, wait);
  }
}
