/** Command line of the driver. */
import { parseArgs } from 'node:util';

export const USAGE = `usage: node drive.mjs --url URL (--simulate | --still | --camera FILE) [options]
  --url URL          demo page
  --simulate         the simulated person answers the prompts
  --still            a photograph that does not move is held before the camera
  --camera FILE      an mjpeg or y4m file through Chromium's own fake camera
  --sim DIR          folder with faceid_simulate.js, faceid_simulate_bg.wasm (with --simulate and --still)
  --portrait FILE    portrait file of faceid-sim prepare (with --simulate and --still)
  --seed N           character of the simulated person (default 1)
  --fps N            pace of the simulated camera (default 20)
  --lang CODE        language of the page
  --timeout S        whole run, seconds (default 150)
  --tasks            tells the longest tasks of the page's main thread, the drawing of the simulated person left out
  --screenshots DIR  writes a picture at every state
prints {"result":…,"actions":[…],"outcome":{…}} on the last line; exit 0 when the page showed a result, 1 when it did not, 2 usage`;

/** @returns the checked options, or throws an Error whose message says what is wrong. */
export function options(argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      url: { type: 'string' },
      simulate: { type: 'boolean', default: false },
      still: { type: 'boolean', default: false },
      camera: { type: 'string' },
      sim: { type: 'string' },
      portrait: { type: 'string' },
      seed: { type: 'string', default: '1' },
      fps: { type: 'string', default: '20' },
      lang: { type: 'string' },
      timeout: { type: 'string', default: '150' },
      tasks: { type: 'boolean', default: false },
      screenshots: { type: 'string' },
    },
  });
  if ([values.simulate, values.still, values.camera !== undefined].filter(Boolean).length !== 1) {
    throw new Error('exactly one of --simulate, --still and --camera is needed');
  }
  if (!values.url || !URL.canParse(values.url)) throw new Error('--url is not a URL');
  if (!values.camera && !(values.sim && values.portrait)) throw new Error('--simulate and --still need --sim and --portrait');
  return {
    ...values,
    seed: number('seed', values.seed, 0, 2 ** 32 - 1),
    fps: number('fps', values.fps, 5, 60),
    timeout: number('timeout', values.timeout, 5, 3600) * 1000,
  };
}

function number(name, text, low, high) {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < low || value > high) throw new Error(`--${name} is a number from ${low} to ${high}`);
  return value;
}
