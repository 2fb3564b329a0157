/**
 * Runs in the page before its own scripts: replaces getUserMedia by the simulated person, in every browser engine.
 *
 * Needs `window.__faceidHarness.camera = {base, seed, still, width, height, fps}`; `base` is a same-origin folder that the driver serves,
 * with the wasm build of crates/simulate and the portrait.
 */
(() => {
  const harness = window.__faceidHarness;
  const { base, seed, still, width, height, fps } = harness.camera;
  /** A prompt that is still unanswered is followed again after this time: people try again. */
  const REPEAT_MS = 7000;
  const REPEATS = 3;
  /** From a hint to the next try. */
  const HINT_MS = 800;
  const tracks = [];
  const start = performance.now();
  const now = () => performance.now() - start;

  /** Does this file's work in a task of its own, so that nobody takes it for the page's; who waits for it goes on in the next task. */
  const apart = (act) => new Promise((resolve, reject) => {
    setTimeout(() => {
      try {
        setTimeout(resolve, 0, act());
      } catch (error) {
        reject(error);
      }
    });
  });

  let loading = null;
  const load = () => {
    loading ??= (async () => {
      const sim = await import(`${base}/faceid_simulate.js`);
      await sim.default({ module_or_path: `${base}/faceid_simulate_bg.wasm` });
      const portrait = await fetch(`${base}/portrait.bin`);
      if (!portrait.ok) throw new Error(`portrait: ${portrait.status}`);
      const bytes = new Uint8Array(await portrait.arrayBuffer());
      return apart(() => new sim.SimPerson(bytes, seed, width, height, still));
    })();
    return loading;
  };

  /** The person's ears: follows prompts, tries again, slower if asked, and stops when the action was seen. */
  let wanted = '';
  let pace = 1;
  let repeat = 0;
  const follow = (person, left) => {
    person.prompt(wanted, now());
    clearTimeout(repeat);
    if (left > 0) repeat = setTimeout(() => follow(person, left - 1), REPEAT_MS);
  };
  const forget = (person) => {
    wanted = '';
    clearTimeout(repeat);
    person.relax(now());
  };
  const reactions = {
    prompt: (person, { action }) => {
      forget(person);
      wanted = action;
      follow(person, REPEATS);
    },
    guidance: (person, { guidance }) => {
      if (guidance === 'slower') person.pace((pace = Math.max(0.6, pace * 0.85)));
      if (!['slower', 'faster', 'wrong_action'].includes(guidance) || !wanted) return;
      // Reads the hint, comes to rest, tries again.
      clearTimeout(repeat);
      repeat = setTimeout(() => follow(person, REPEATS), HINT_MS);
    },
    action: forget,
    submit: forget,
    closed: forget,
  };
  harness.person = {
    async hear(type, detail) {
      const person = loading && (await loading.catch(() => null));
      if (person) reactions[type]?.(person, detail ?? {});
    },
  };

  /** Draws frames into a canvas while any track of its stream lives. */
  const run = (person, canvas, stream) => {
    const context = canvas.getContext('2d', { alpha: false });
    const draw = () => {
      if (stream.getVideoTracks().every((track) => track.readyState === 'ended')) return;
      const begun = performance.now();
      context.putImageData(new ImageData(person.render(begun - start), width, height), 0, 0);
      harness.frames = (harness.frames ?? 0) + 1;
      harness.drawMs = (harness.drawMs ?? 0) + performance.now() - begun;
      // A camera keeps its pace; a slow machine gets a slower camera, never a queue.
      setTimeout(draw, Math.max(4, 1000 / fps - (performance.now() - begun)));
    };
    draw();
  };

  /** Cameras handed out and not stopped. */
  harness.liveTracks = () => tracks.filter((track) => track.readyState === 'live').length;

  const devices = navigator.mediaDevices;
  if (!devices) return;
  devices.getUserMedia = async (constraints) => {
    if (!constraints?.video) throw new DOMException('no microphone here', 'NotFoundError');
    const person = await load();
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    const stream = canvas.captureStream(fps);
    tracks.push(...stream.getVideoTracks());
    await apart(() => run(person, canvas, stream));
    return stream;
  };
  devices.enumerateDevices = async () => {
    const camera = { kind: 'videoinput', deviceId: 'simulated', groupId: 'simulated', label: 'Simulated person' };
    return [{ ...camera, toJSON: () => camera }];
  };
})();
