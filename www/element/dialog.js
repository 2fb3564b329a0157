/** The element in a modal dialog, for the SDK shapes that bring no page of their own. */
import { define } from './define.js';

export class FaceIdDialog {
  /** @param {{lang?: string}} options */
  constructor(options) {
    define();
    this.element = document.createElement('faceid-liveness');
    if (options.lang) this.element.lang = options.lang;
    this.dialog = document.createElement('dialog');
    this.dialog.append(this.element);
    this.dialog.className = 'faceid-liveness-dialog';
    // Escape cancels the attempt; the dialog goes when the attempt has ended.
    this.dialog.addEventListener('cancel', (event) => {
      event.preventDefault();
      this.element.cancel();
    });
  }

  /** The preview that the attempt must use. */
  get video() {
    return this.element.video;
  }

  /** @param {HTMLElement} host @param {import('../lib/liveness.js').Liveness} liveness */
  show(host, liveness) {
    if (this.dialog.open) return;
    document.adoptedStyleSheets = [...new Set([...document.adoptedStyleSheets, sheet()])];
    host.append(this.dialog);
    this.dialog.showModal();
    this.element.attach(liveness);
  }

  hide() {
    if (this.dialog.open) this.dialog.close();
    this.dialog.remove();
  }
}

/** @type {CSSStyleSheet | null} */
let made = null;

function sheet() {
  if (!made) {
    made = new CSSStyleSheet();
    made.replaceSync(`
      dialog.faceid-liveness-dialog { inline-size: 100dvw; block-size: 100dvh; max-inline-size: none; max-block-size: none; border: 0; padding: 0; background: transparent; }
      dialog.faceid-liveness-dialog faceid-liveness { block-size: 100dvh; }
    `);
  }
  return made;
}
