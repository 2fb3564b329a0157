/** Spoken prompts, only where the page asks for them: recorded files if it brings some, else the browser's own voice. */

export class Voice {
  /** Addresses of recorded prompts by key: an action, or a state. @type {Record<string, string>} */
  recorded = {};
  on = false;
  /** @type {HTMLAudioElement | null} */
  #audio = null;

  /** Call from a tap: iOS speaks for pages that have spoken in one before. */
  prime() {
    if (!this.on) return;
    this.#audio ??= new Audio();
    globalThis.speechSynthesis?.speak(new SpeechSynthesisUtterance(''));
  }

  /** Says one thing, in place of what is being said. @param {string} key @param {string} text @param {string} lang */
  say(key, text, lang) {
    if (!this.on) return;
    this.stop();
    if (this.recorded[key]) {
      this.#audio ??= new Audio();
      this.#audio.src = this.recorded[key];
      // Refused without a tap before: the words are on the screen.
      this.#audio.play().catch(() => {});
      return;
    }
    const { speechSynthesis } = globalThis;
    if (speechSynthesis) speechSynthesis.speak(Object.assign(new SpeechSynthesisUtterance(text), { lang }));
  }

  stop() {
    this.#audio?.pause();
    globalThis.speechSynthesis?.cancel();
  }
}
