/** A classic worker script; take its address, never import it: `new URL('faceid-liveness/worker', import.meta.url)`. */
export {};
