/** The camera that the person chose last, kept for this site: its `deviceId`, a random name that means nothing elsewhere, and nothing more. */

const KEY = 'faceid-liveness.camera';

/** @returns {string | undefined} none when none was chosen, or when the browser keeps nothing for this page */
export function rememberedCamera() {
  try {
    return localStorage.getItem(KEY) || undefined;
  } catch {
    return undefined;
  }
}

/** @param {string} id `deviceId` */
export function rememberCamera(id) {
  try {
    localStorage.setItem(KEY, id);
  } catch {
    // Storage is refused or full: the choice holds for this attempt.
  }
}
