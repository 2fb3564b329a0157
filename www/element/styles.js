/** The element's looks. One constructed sheet for all instances, so no inline style is needed under a strict CSP. */

const DARK = `
  --_bg: var(--fl-background, #10161d);
  --_surface: var(--fl-surface, #1a232d);
  --_text: var(--fl-text, #f1f5f7);
  --_soft: var(--fl-text-soft, #a9b8c4);
  --_accent: var(--fl-accent, #7fe3c4);
  --_on-accent: var(--fl-on-accent, #0c1f1a);
  --_attention: var(--fl-attention, #f3c37a);
  --_track: var(--fl-track, #33414e);
  color-scheme: dark;
`;
const LIGHT = `
  --_bg: var(--fl-background, #f6f8f9);
  --_surface: var(--fl-surface, #e2e9ed);
  --_text: var(--fl-text, #14202a);
  --_soft: var(--fl-text-soft, #4b5b68);
  --_accent: var(--fl-accent, #0d6f57);
  --_on-accent: var(--fl-on-accent, #ffffff);
  --_attention: var(--fl-attention, #8a4b00);
  --_track: var(--fl-track, #c3ced6);
  color-scheme: light;
`;
const CSS = `
:host { ${DARK} }
@media (prefers-color-scheme: light) { :host(:not([theme="dark"])) { ${LIGHT} } }
:host([theme="light"]) { ${LIGHT} }
:host {
  --_radius: var(--fl-radius, 14px);
  --_countdown: var(--fl-countdown, var(--_soft));
  display: block;
  min-block-size: min(30rem, 100dvh);
  color: var(--_text);
  background: var(--_bg);
  font: 400 1rem/1.45 var(--fl-font, system-ui, -apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans SC", sans-serif);
  container-type: size;
}
:host([hidden]) { display: none; }
* { box-sizing: border-box; margin: 0; }
.stage {
  position: relative;
  block-size: 100%;
  min-block-size: inherit;
  display: grid;
  grid-template: "guide" 3.5rem "oval" minmax(0, 1fr) "words" minmax(13rem, auto) / minmax(0, 1fr);
  max-inline-size: 40rem;
  margin-inline: auto;
  justify-items: center;
  padding: 3.5rem 1.25rem 1.5rem;
  gap: .5rem;
  outline: none;
}
.guide { grid-area: guide; align-self: safe center; text-align: center; text-wrap: balance; font-size: 1.0625rem; line-height: 1.25; font-weight: 600; color: var(--_attention); background: var(--_surface); border-radius: 1.75rem; padding: .375rem 1.125rem; }
.guide:empty { visibility: hidden; }
.guide.on { animation: rise .25s ease-out; }
.oval { grid-area: oval; position: relative; block-size: 100%; max-block-size: 34rem; aspect-ratio: 3 / 4; max-inline-size: 100%; min-block-size: 0; align-self: center; }
.hole { position: absolute; inset: 5.5% 7%; border-radius: 50%; overflow: hidden; background: var(--_surface); }
video { inline-size: 100%; block-size: 100%; object-fit: cover; transform: scaleX(-1); display: block; opacity: 0; transition: opacity .4s; }
.live-picture video { opacity: 1; }
.ring { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; overflow: visible; }
.ring path { stroke-linecap: round; transition: stroke-dasharray .25s linear; }
.arc { stroke: var(--_track); stroke-width: 5; }
.arc.done { stroke: var(--_accent); stroke-width: 6; }
.neutral { stroke: var(--_soft); stroke-width: 2.5; opacity: 0; }
[data-phase="align"] .neutral { opacity: 1; }
.empty { visibility: hidden; }
.countdown { position: absolute; inset: 0; color: var(--_countdown); pointer-events: none; }
.ring .time { stroke: currentColor; stroke-width: 2.5; stroke-linecap: butt; transition-duration: 1s; }
.countdown span:not(.hidden-text) { position: absolute; inset-block-end: 7%; inset-inline: 0; margin-inline: auto; inline-size: 2.25rem; block-size: 2.25rem; display: grid; place-items: center; border-radius: 50%; background: var(--_surface); font-size: 1.1875rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.countdown span:empty { display: none !important; }
.inside { position: absolute; inset: 0; display: grid; place-items: center; pointer-events: none; }
.inside > * { grid-area: 1 / 1; }
.wait { display: flex; gap: .75rem; visibility: hidden; }
.wait i { inline-size: .875rem; block-size: .875rem; border-radius: 50%; background: var(--_accent); animation: wait 1.8s ease-in-out infinite; }
.wait i:nth-child(2) { animation-delay: .3s; }
.wait i:nth-child(3) { animation-delay: .6s; }
.ghost { inline-size: 46%; opacity: .28; stroke: var(--_soft); }
.words { grid-area: words; max-inline-size: 30rem; inline-size: 100%; }
.words slot { display: grid; justify-items: center; align-content: start; gap: .75rem; padding-block-start: .75rem; text-align: center; }
.figure-box { block-size: 6.5rem; display: grid; place-items: center; }
.figure-box[data-kind=""] { display: none; }
.figure, .mark { block-size: 100%; }
.prompt { font-size: clamp(1.5rem, 1.1rem + 2.2cqi, 2rem); line-height: 1.2; font-weight: 600; text-wrap: balance; outline: none; }
.sentence { color: var(--_soft); font-size: 1.0625rem; max-inline-size: 26rem; text-wrap: balance; }
.sentence:empty { display: none; }
.bar { appearance: none; inline-size: min(100%, 18rem); block-size: .5rem; border: 0; border-radius: .25rem; overflow: hidden; color: var(--_accent); background: var(--_track); }
.bar[hidden] { display: none; }
.bar::-webkit-progress-bar { background: transparent; }
.bar::-webkit-progress-value { background: currentColor; transition: inline-size .25s linear; }
.bar::-moz-progress-bar { background: currentColor; }
.buttons { display: grid; justify-items: center; inline-size: 100%; margin-block-start: .5rem; }
.buttons button { inline-size: min(100%, 18rem); }
button {
  font: inherit; font-weight: 600; color: var(--_on-accent); background: var(--_accent);
  border: 0; border-radius: var(--_radius); padding: .85rem 1.75rem; min-block-size: 3rem; min-inline-size: 9rem; cursor: pointer;
}
button[hidden] { display: none; }
.other { position: absolute; z-index: 1; inset-block-start: .75rem; inset-inline-start: .5rem; color: var(--_soft); background: transparent; font-weight: 400; font-size: .9375rem; line-height: 1.2; text-align: start; min-inline-size: 0; max-inline-size: calc(100% - 4.5rem); min-block-size: 2.75rem; padding: .25rem .75rem; text-decoration: underline; text-underline-offset: .2em; }
/* Only where another camera can still be taken. */
.cameras { display: none; position: absolute; z-index: 1; inset-block-start: .75rem; inset-inline-start: .75rem; max-inline-size: calc(100% - 5rem); block-size: 2.25rem; padding: 0 .5rem; font: inherit; font-size: .9375rem; color: var(--_text); background: var(--_surface); border: 1px solid var(--_soft); border-radius: var(--_radius); text-overflow: ellipsis; }
:is([data-phase="loading"], [data-phase="align"], [data-phase="failed"]) .cameras:not([hidden]) { display: block; }
button:hover { filter: brightness(1.07); }
button:focus-visible, select:focus-visible, .stage:focus-visible { outline: 3px solid var(--_text); outline-offset: 3px; }
.cancel {
  position: absolute; inset-block-start: .75rem; inset-inline-end: .75rem; z-index: 1;
  inline-size: 2.75rem; block-size: 2.75rem; min-inline-size: 0; min-block-size: 0; padding: .6rem;
  background: transparent; color: var(--_soft); border-radius: 50%;
}
.cancel:hover { background: var(--_surface); filter: none; }
.line { stroke: currentColor; stroke-width: 5; stroke-linecap: round; stroke-linejoin: round; }
.cancel .line { stroke-width: 2; }
.cancel svg { display: block; inline-size: 100%; block-size: 100%; }
.skin { fill: var(--_surface); stroke: var(--_text); stroke-width: 4; }
.figure .line { stroke: var(--_text); stroke-width: 4; }
.figure .solid { fill: var(--_text); }
.figure .arrows .line { stroke: var(--_accent); }
.lids, .mouth-open { visibility: hidden; }
.mark { color: var(--_attention); inline-size: 58%; block-size: auto; }
.mark.passed { color: var(--_accent); }
.mark.passed .line { stroke: var(--_on-accent); stroke-width: 8; }
.disc { fill: currentColor; }
.mark .draw { stroke-dasharray: 200; animation: draw .6s ease-out both; }
.hidden-text { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

[data-phase="sending"] .wait { visibility: visible; }
[data-phase="loading"] .ring { animation: breathe-ring 2.4s ease-in-out infinite; }
[data-phase="failed"] .ring, [data-phase="idle"] .ring { opacity: .35; }

.nod .features { animation: nod 2s ease-in-out infinite; }
.nod .head { animation: nod-head 2s ease-in-out infinite; transform-origin: 60px 100px; }
.shake .features { animation: shake 2.2s ease-in-out infinite; }
.blink .eye { animation: eye 2.4s linear infinite; }
.blink .lids { animation: lid 2.4s linear infinite; visibility: visible; }
.mouth .mouth-open { visibility: visible; transform-origin: 60px 80px; animation: mouth 2.2s ease-in-out infinite; }
.mouth .mouth-still { animation: mouth-still 2.2s linear infinite; }
@keyframes nod { 0%, 20%, 80%, 100% { transform: none; } 50% { transform: translateY(13px) scaleY(.86); } }
@keyframes nod-head { 0%, 20%, 80%, 100% { transform: none; } 50% { transform: translateY(4px) scaleY(.95); } }
@keyframes shake { 0%, 12%, 88%, 100% { transform: none; } 34% { transform: translateX(-14px); } 66% { transform: translateX(14px); } }
@keyframes eye { 0%, 34%, 66%, 100% { opacity: 1; } 38%, 62% { opacity: 0; } }
@keyframes lid { 0%, 34%, 66%, 100% { opacity: 0; } 38%, 62% { opacity: 1; } }
@keyframes mouth { 0%, 25%, 78%, 100% { transform: scale(.2); opacity: 0; } 40%, 62% { transform: scale(1.15); opacity: 1; } }
@keyframes mouth-still { 0%, 28%, 75%, 100% { opacity: 1; } 36%, 68% { opacity: 0; } }
@keyframes wait { 0%, 60%, 100% { opacity: .3; } 30% { opacity: 1; } }
@keyframes breathe-ring { 0%, 100% { opacity: .45; } 50% { opacity: 1; } }
@keyframes draw { from { stroke-dashoffset: 200; } to { stroke-dashoffset: 0; } }
@keyframes rise { from { opacity: 0; transform: translateY(4px); } }

@container (max-aspect-ratio: 1.15) and (max-height: 42rem) {
  .stage { padding: 3rem 1rem 1rem; grid-template-rows: 3.25rem minmax(0, 1fr) minmax(11.5rem, auto); gap: .25rem; }
  .cancel, .other { inset-block-start: .25rem; }
  .guide { font-size: .9375rem; padding: .3rem .75rem; }
  .figure-box { block-size: 5rem; }
}
@container (min-aspect-ratio: 1.15) and (max-height: 34rem) {
  .stage { grid-template: "oval guide" minmax(3.5rem, 1fr) "oval words" minmax(auto, 2.4fr) / minmax(0, 1.05fr) minmax(0, 1fr); padding: 1rem 4rem 1rem 2rem; column-gap: 2rem; max-inline-size: none; }
  .oval { block-size: 100%; max-block-size: calc(100cqb - 2rem); }
  .guide { align-self: end; }
  .words slot { align-content: start; padding-block-start: .5rem; }
  .other, .cameras { inset: auto; inset-block-end: .5rem; inset-inline-end: .75rem; }
  .cameras { max-inline-size: 45%; }
}

@media (prefers-reduced-motion: reduce) {
  *, *::before, *::after { animation: none !important; transition: none !important; }
  .blink .eye { opacity: 0; }
  .blink .lids { opacity: 1; }
  .mouth .mouth-still { opacity: 0; }
  .mark .draw { stroke-dasharray: none; }
}
@media (forced-colors: active) {
  .arc.done { stroke: Highlight; }
  button { border: 2px solid ButtonText; }
}
`;

/** @type {CSSStyleSheet | null} */
let sheet = null;

/** The shared sheet, made on first use (there is no CSSOM on servers). */
export function styles() {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
  }
  return sheet;
}
