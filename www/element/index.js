/** Registers `<faceid-liveness>`, once, with the package's own files. */
import '../lib/beside.js';
import { FaceIdLivenessElement, define } from './define.js';

define();
export { FaceIdLivenessElement, define };
