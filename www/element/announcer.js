/** A live region that does not flood screen readers: at most one message per pause, only what still holds, never twice in a row. */

export class Announcer {
  #pending = null;
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
    this.#queue(text, 150);
  }

  /** Guidance: spoken if it still holds after the pause. @param {string} text */
  later(text) {
    this.#queue(text, Math.max(600, this.#spokenAt + this.pause - performance.now()));
  }

  /** Forgets what waits. */
  stop() {
    clearTimeout(this.#timer);
    this.#pending = null;
  }

  #queue(text, wait) {
    clearTimeout(this.#timer);
    this.#pending = text;
    if (!text || text === this.#last) return;
    this.#timer = setTimeout(() => {
      if (!this.#pending) return;
      this.#last = this.#pending;
      this.#spokenAt = performance.now();
      this.node.textContent = this.#pending;
    }, wait);
  }
}
