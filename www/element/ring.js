/** The ring around the oval: one arc per action, a fine inner line for the neutral pose. */

const NS = 'http://www.w3.org/2000/svg';
/** Share of the ring left open between two arcs, of 100. */
const GAP = 3;

/** Makes an SVG node. @param {string} name @param {Record<string, string | number>} [attributes] @param {SVGElement[]} [children] */
export function svg(name, attributes = {}, children = []) {
  const node = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  node.append(...children);
  return node;
}

/** An ellipse from the top, clockwise, with a length of 100. @param {number} rx @param {number} ry @param {string} className */
export function track(rx, ry, className) {
  const [cx, cy] = [150, 200];
  const d = `M${cx},${cy - ry} A${rx},${ry} 0 0 1 ${cx},${cy + ry} A${rx},${ry} 0 0 1 ${cx},${cy - ry}`;
  return svg('path', { d, pathLength: 100, class: className, fill: 'none' });
}

export class Ring {
  constructor() {
    this.arcs = svg('g');
    this.neutral = track(134, 184, 'neutral');
    this.node = svg('svg', { viewBox: '0 0 300 400', class: 'ring', 'aria-hidden': 'true' }, [this.neutral, this.arcs]);
    this.reset(3);
  }

  /** @param {number} count number of actions */
  reset(count) {
    this.count = count;
    this.arcs.replaceChildren();
    for (let i = 0; i < count; i += 1) this.arcs.append(track(143, 193, 'arc'), track(143, 193, 'arc done'));
    for (let i = 0; i < count; i += 1) {
      this.#span(this.arcs.children[2 * i], i, 1);
      this.#span(this.arcs.children[2 * i + 1], i, 0);
    }
    this.#dash(this.neutral, 0, 0);
  }

  /** @param {number} step 0 = neutral, then 1-based actions @param {number} fraction 0..1 */
  progress(step, fraction) {
    const share = Math.min(1, Math.max(0, fraction));
    if (step === 0) this.#dash(this.neutral, 0, 100 * share);
    else if (step <= this.count) this.#span(this.arcs.children[2 * step - 1], step - 1, share);
    this.node.classList.toggle('measuring', step === 0 && share < 1);
  }

  /** Everything done. */
  fill() {
    for (let step = 1; step <= this.count; step += 1) this.progress(step, 1);
  }

  #span(arc, index, share) {
    const gap = this.count > 1 ? GAP : 0;
    const length = 100 / this.count - gap;
    this.#dash(arc, (100 / this.count) * index + gap / 2, length * share);
  }

  #dash(arc, start, length) {
    // A zero dash with round caps would still draw a dot.
    arc.classList.toggle('empty', length < 0.01);
    arc.setAttribute('stroke-dasharray', `${length} 200`);
    arc.setAttribute('stroke-dashoffset', String(-start));
  }
}
