/** The element's shadow tree and the few ways in which it changes. No decisions: it shows what it is told. */
import { Countdown } from './countdown.js';
import { actionFigure, cross, mark } from './figure.js';
import { Ring, svg } from './ring.js';

/** @param {string} name @param {Record<string, string>} [attributes] @param {(Node | string)[]} [children] */
export function el(name, attributes = {}, children = []) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

export class View {
  constructor() {
    this.video = el('video', { part: 'video', playsinline: '', muted: '', disablepictureinpicture: '' });
    this.video.muted = true;
    this.ring = new Ring();
    this.wait = el('div', { class: 'wait' }, [el('i'), el('i'), el('i')]);
    this.inside = el('div', { class: 'inside' });
    this.countdown = new Countdown(el('div', { class: 'countdown', part: 'countdown', role: 'timer', 'aria-live': 'off' }));
    this.guide = el('p', { class: 'guide', part: 'guidance' });
    this.figureBox = el('div', { class: 'figure-box', part: 'figure' });
    this.prompt = el('h2', { class: 'prompt', part: 'prompt', tabindex: '-1' });
    this.sentence = el('p', { class: 'sentence', part: 'sentence' });
    this.bar = el('progress', { class: 'bar', part: 'upload', max: '1', hidden: '' });
    this.action = el('button', { type: 'button', part: 'button' });
    this.other = el('button', { type: 'button', class: 'other', part: 'alternative', hidden: '' });
    this.cancel = el('button', { type: 'button', class: 'cancel', part: 'cancel' }, [cross()]);
    this.cameras = el('select', { class: 'cameras', part: 'camera', hidden: '' });
    // A child of the host with the phase as its slot stands in for our words: idle, loading, align, act, sending, passed, failed.
    this.slot = el('slot', {}, [this.figureBox, this.prompt, this.sentence, this.bar, el('div', { class: 'buttons' }, [this.action])]);
    this.live = el('p', { class: 'hidden-text', role: 'status', 'aria-live': 'polite', 'aria-atomic': 'true' });
    this.meter = el('div', { class: 'hidden-text', role: 'progressbar', 'aria-valuemin': '0' });
    this.stage = el('section', { class: 'stage', part: 'stage', 'data-phase': 'idle' }, [
      this.guide,
      el('div', { class: 'oval', part: 'oval' }, [el('div', { class: 'hole' }, [this.video]), this.ring.node, el('div', { class: 'inside' }, [this.wait]), this.countdown.node, this.inside]),
      el('div', { class: 'words' }, [this.slot]),
      this.other,
      this.cameras,
      this.cancel,
      this.meter,
      this.live,
    ]);
    this.video.addEventListener('playing', () => this.stage.classList.add('live-picture'));
    this.video.addEventListener('emptied', () => this.stage.classList.remove('live-picture'));
  }

  /** Fixed texts of a language. */
  language(texts) {
    this.stage.lang = texts.lang;
    this.stage.dir = texts.dir ?? 'ltr';
    this.stage.setAttribute('aria-label', texts.ui.title);
    this.cancel.setAttribute('aria-label', texts.ui.cancel);
    this.cancel.title = texts.ui.cancel;
    this.video.setAttribute('aria-label', texts.ui.preview);
    this.cameras.setAttribute('aria-label', texts.ui.camera);
    this.meter.setAttribute('aria-label', texts.ui.progress);
    this.countdown.node.setAttribute('aria-label', texts.ui.time_left);
    this.bar.setAttribute('aria-label', texts.ui.upload);
  }

  /**
   * One screen.
   * @param {{phase: string, prompt: string, sentence?: string, button?: string, figure?: string, mark?: string, other?: string, cancellable?: boolean}} screen
   */
  show({ phase, prompt, sentence = '', button = '', figure = '', mark: sign = '', other = '', cancellable = true }) {
    this.stage.dataset.phase = phase;
    this.slot.name = phase;
    this.prompt.textContent = prompt;
    this.sentence.textContent = sentence;
    this.action.textContent = button;
    this.action.hidden = !button;
    this.other.textContent = other;
    this.other.hidden = !other;
    this.cancel.hidden = !cancellable;
    this.#fill(this.figureBox, figure, actionFigure);
    this.#fill(this.inside, sign, (kind) => (kind === 'ghost' ? ghost() : mark(kind)));
  }

  /**
   * What there is to choose from; with one camera, nothing.
   * @param {{id: string, label: string}[]} cameras @param {string | undefined} current @param {string} word for a camera without a name
   */
  choice(cameras, current, word) {
    this.cameras.replaceChildren(...cameras.map(({ id, label }, i) => el('option', { value: id }, [label || `${word} ${i + 1}`])));
    this.cameras.value = current ?? '';
    this.cameras.hidden = cameras.length < 2;
  }

  /** @param {number | null} fraction of the evidence that has arrived; null when that is unknown or over */
  upload(fraction) {
    this.bar.hidden = fraction === null;
    if (fraction !== null) this.bar.value = fraction;
  }

  /** @param {string} text */
  guidance(text) {
    if (this.guide.textContent === text) return;
    this.guide.textContent = text;
    this.guide.classList.remove('on');
    // Restarts the entrance.
    if (text) requestAnimationFrame(() => this.guide.classList.add('on'));
  }

  /** @param {number} step @param {number} of @param {string} text */
  steps(step, of, text) {
    this.meter.setAttribute('aria-valuemax', String(of));
    this.meter.setAttribute('aria-valuenow', String(step));
    this.meter.setAttribute('aria-valuetext', text);
  }

  /** Replaces a drawing only when it is another, so that its motion runs on. */
  #fill(box, kind, make) {
    if (box.dataset.kind === kind) return;
    box.dataset.kind = kind;
    box.replaceChildren(...(kind ? [make(kind)] : []));
  }
}

/** The outline of a head, before the picture is there. */
function ghost() {
  return svg('svg', { viewBox: '0 0 120 150', class: 'ghost', 'aria-hidden': 'true' }, [
    svg('path', { d: 'M60,10 C88,10 99,32 97,62 C95,92 79,116 60,116 C41,116 25,92 23,62 C21,32 32,10 60,10 Z', fill: 'none', 'stroke-width': 3 }),
    svg('path', { d: 'M10,148 C16,128 34,122 46,118 M110,148 C104,128 86,122 74,118', fill: 'none', 'stroke-width': 3, 'stroke-linecap': 'round' }),
  ]);
}
