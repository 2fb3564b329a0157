/** The whole API without a word about where the files are: give `assetBase`, or call `provideAssets`. */
export { createLiveness, Liveness } from './liveness.js';
export { LivenessError } from './errors.js';
export { FaceIdManager, MGFaceIDDetectManager } from './facade.js';
export { FaceIdLivenessElement, define } from '../element/define.js';
export { provideAssets } from './assets.js';
export { preload } from './preload.js';
export { VERSION, BUILD } from './version.js';
export { checkSupport, checkWithCamera } from './support.js';
