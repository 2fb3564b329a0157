/** Drawn faces: the four actions, and the marks of the end. Motion is CSS; under reduced motion the still drawing shows the peak. */
import { svg } from './ring.js';

const stroke = (d, cls = '') => svg('path', { d, class: `line ${cls}`, fill: 'none' });

/** A face that performs `action`: nod, shake, blink or mouth. */
export function actionFigure(action) {
  const features = svg('g', { class: 'features' }, [
    svg('g', { class: 'eye left' }, [svg('ellipse', { cx: 45, cy: 52, rx: 4.5, ry: 5.5, class: 'solid' })]),
    svg('g', { class: 'eye right' }, [svg('ellipse', { cx: 75, cy: 52, rx: 4.5, ry: 5.5, class: 'solid' })]),
    svg('g', { class: 'lids' }, [stroke('M38,53 Q45,58 52,53'), stroke('M68,53 Q75,58 82,53')]),
    stroke('M60,56 L57,68 Q60,70 63,68'),
    svg('g', { class: 'mouth-still' }, [stroke('M49,82 Q60,88 71,82')]),
    svg('g', { class: 'mouth-open' }, [svg('ellipse', { cx: 60, cy: 83, rx: 9, ry: 10, class: 'solid' })]),
  ]);
  const head = svg('g', { class: 'head' }, [
    svg('path', { d: 'M60,12 C86,12 98,32 96,58 C94,84 78,108 60,108 C42,108 26,84 24,58 C22,32 34,12 60,12 Z', class: 'skin' }),
    features,
  ]);
  const arrows = svg('g', { class: 'arrows' }, arrowsOf(action));
  return svg('svg', { viewBox: '-10 -6 140 132', class: `figure ${action}`, 'aria-hidden': 'true' }, [head, arrows]);
}

function arrowsOf(action) {
  if (action === 'nod') return [stroke('M114,40 L114,80'), stroke('M107,47 L114,39 L121,47'), stroke('M107,73 L114,81 L121,73')];
  if (action === 'shake') return [stroke('M34,119 L86,119'), stroke('M41,112 L33,119 L41,126'), stroke('M79,112 L87,119 L79,126')];
  return [];
}

/** The sign of an end: passed, failed (try again), ended (no other try helps) or camera. */
export function mark(kind) {
  const shapes = {
    passed: [svg('circle', { cx: 60, cy: 62, r: 46, class: 'disc' }), stroke('M40,63 L54,77 L81,48', 'draw')],
    failed: [stroke('M84,50 A28,28 0 1 0 88,66', 'draw'), stroke('M86,34 L86,51 L69,51', 'draw')],
    ended: [svg('circle', { cx: 60, cy: 62, r: 32, class: 'line', fill: 'none' }), stroke('M60,46 L60,64', 'draw'), stroke('M60,78 L60,78.5')],
    camera: [stroke('M32,46 H70 A6,6 0 0 1 76,52 V72 A6,6 0 0 1 70,78 H32 A6,6 0 0 1 26,72 V52 A6,6 0 0 1 32,46 Z'), stroke('M76,58 L92,48 V76 L76,66'), stroke('M26,92 L94,32', 'draw')],
  };
  return svg('svg', { viewBox: '0 0 120 124', class: `mark ${kind}`, 'aria-hidden': 'true' }, shapes[kind]);
}

/** The cross of the cancel button. */
export function cross() {
  return svg('svg', { viewBox: '0 0 24 24', 'aria-hidden': 'true' }, [svg('path', { d: 'M6,6 L18,18 M18,6 L6,18', class: 'line', fill: 'none' })]);
}
