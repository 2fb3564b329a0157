/** What an attempt will load, loaded while there is time: the person still reads, or fills in a form. */
import { assetUrls, startWorker } from './assets.js';
import { loadShell } from './shell.js';

/**
 * Compiles the part that shows the prompt, and fetches the engine and its models for the browser to keep. No camera, no token, nothing is sent.
 * @param {{assetBase?: string, workerUrl?: string, assets?: Record<string, string>, engineTimeoutMs?: number}} [options] as the attempt will have them
 * @returns {Promise<boolean>} whether everything is there; why not is in the console, and an attempt may still succeed. Never rejects.
 */
export async function preload({ assetBase, workerUrl, assets, engineTimeoutMs = 45_000 } = {}) {
  let worker;
  let timer;
  try {
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not everything came in ${engineTimeoutMs} ms`)), engineTimeoutMs);
    });
    // One of its own, for the time that it takes: the digests stand in its script.
    worker = startWorker({ assetBase, workerUrl });
    await Promise.race([late, Promise.all([loadShell(assetBase), stored(worker, { ...assetUrls(assetBase).engine, ...assets })])]);
    return true;
  } catch (error) {
    console.warn('faceid-liveness: not preloaded:', error);
    return false;
  } finally {
    clearTimeout(timer);
    worker?.terminate();
  }
}

/** @param {Worker} worker @param {Record<string, string>} assets */
function stored(worker, assets) {
  return new Promise((resolve, reject) => {
    worker.addEventListener('error', () => reject(new Error('the worker did not start')));
    worker.addEventListener('message', ({ data }) => {
      if (data.type === 'stored') resolve(undefined);
      else if (data.type === 'failed') reject(new Error(data.reason));
    });
    worker.postMessage({ type: 'store', assets });
  });
}
