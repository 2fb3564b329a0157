/**
 * Runs in the page before its own scripts: hands what the element reports to the driver. Classic script, shares `window.__faceidHarness`.
 */
(() => {
  const harness = (window.__faceidHarness ??= {});
  const TYPES = [
    'ready', 'state', 'prompt', 'upload', 'guidance', 'action', 'wrong-action', 'blink', 'camera', 'camera-fault', 'needs-tap', 'engine-ready',
    'closed', 'result', 'error', 'cancel', 'retry', 'submit',
  ];
  /** Details hold codes and names; anything that does not survive JSON is left out. */
  const plain = (detail) => {
    try {
      return JSON.parse(JSON.stringify(detail ?? null));
    } catch {
      return null;
    }
  };
  for (const type of TYPES) {
    document.addEventListener(
      type,
      (event) => {
        // The page's own clicks and media events have the same names as some of ours; ours come from the element.
        if (!(event instanceof CustomEvent) || event.target?.localName !== 'faceid-liveness') return;
        const detail = plain(event.detail);
        harness.person?.hear(type, detail);
        window.__faceidReport?.({ t: Math.round(performance.now()), type, detail });
      },
      true,
    );
  }
})();
