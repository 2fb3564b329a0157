/** faceid-liveness: action liveness in the page. The page's outcome is a hint; only get_result on your server is the truth. */
export { createLiveness, Liveness } from './liveness.js';
export { LivenessError } from './errors.js';
export { FaceIdManager, MGFaceIDDetectManager } from './facade.js';
export { FaceIdLivenessElement } from '../element/element.js';
export { VERSION, BUILD } from './version.js';
export { checkSupport } from './support.js';
