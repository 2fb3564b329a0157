/** faceid-liveness: action liveness in the page. The page's outcome is a hint; only get_result on your server is the truth. */
import './beside.js';

export * from './slim.js';
