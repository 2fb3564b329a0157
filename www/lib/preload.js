/** What an attempt will load, loaded while there is time: the person still reads, or fills in a form. */
import { assetUrls, startWorker } from './assets.js';
import { loadShell } from './shell.js';

/**
 * Compiles the part that shows the prompt, and fetches the engine and its models for the browser to keep. No camera, no token, nothing is sent.
 * @param {{assetBase?: string, workerUrl?: string, assets?: Record<string, string>, engineTimeoutMs?: number}} [options] as the attempt will have them
 * @returns {Promise<boolean>} whether everything is there; why not is in the console, and an attempt may still succeed. Never rejects.
 */
export async function preload(options = {}) {
  try {
    await Promise.all([loadShell(options.assetBase), engineKept(options)]);
    return true;
  } catch (error) {
    console.warn('faceid-liveness: not preloaded:', error);
    return false;
  }
}

/** A worker of its own, for the time that it takes: the digests stand in its script. */
async function engineKept({ assetBase, workerUrl, assets, engineTimeoutMs = 45_000 }) {
  const worker = startWorker({ assetBase, workerUrl });
  let timer;
  try {
    await new Promise((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`the engine was not fetched in ${engineTimeoutMs} ms`)), engineTimeoutMs);
      worker.addEventListener('error', () => reject(new Error('the worker did not start')));
      worker.addEventListener('message', ({ data }) => {
        if (data.type === 'stored') resolve(undefined);
        else if (data.type === 'failed') reject(new Error(data.reason));
      });
      worker.postMessage({ type: 'store', assets: { ...assetUrls(assetBase).engine, ...assets } });
    });
  } finally {
    clearTimeout(timer);
    worker.terminate();
  }
}
