/** Cameras drawn into canvases instead of real ones: any number, each with a scene, in every browser engine. */

/**
 * Runs in the page before its own scripts. `__cameras[id].scene` (and `width`, `height`) may be changed while a camera runs; `__asked` counts
 * calls of `getUserMedia`.
 * @param {{id: string, label?: string, scene?: 'colour' | 'grey' | 'still' | 'black', facing?: string, width?: number, height?: number}[]} list
 */
export function fakeCameras(list) {
  const FPS = 20;
  // Each draws the i-th frame. `still` draws too: frames arrive, and are all the same.
  const scenes = {
    colour: (i) => `hsl(${(i * 7) % 360} 60% 55%)`,
    grey: (i) => `hsl(0 0% ${30 + (i % 40)}%)`,
    still: () => 'hsl(200 60% 50%)',
    black: () => '#000',
  };
  const cameras = Object.fromEntries(list.map((camera) => [camera.id, { label: '', scene: 'colour', width: 640, height: 480, ...camera }]));
  globalThis.__cameras = cameras;
  globalThis.__asked = 0;

  function open(camera) {
    const canvas = Object.assign(document.createElement('canvas'), { width: camera.width, height: camera.height });
    const context = canvas.getContext('2d', { alpha: false });
    let frame = 0;
    const draw = () => {
      if (canvas.width !== camera.width || canvas.height !== camera.height) Object.assign(canvas, { width: camera.width, height: camera.height });
      context.fillStyle = scenes[camera.scene]((frame += 1));
      context.fillRect(0, 0, canvas.width, canvas.height);
    };
    draw();
    const stream = canvas.captureStream(FPS);
    const [track] = stream.getVideoTracks();
    const timer = setInterval(() => (track.readyState === 'live' ? draw() : clearInterval(timer)), 1000 / FPS);
    Object.defineProperty(track, 'label', { value: camera.label });
    track.getSettings = () => ({ deviceId: camera.id, width: camera.width, height: camera.height, ...(camera.facing && { facingMode: camera.facing }) });
    return stream;
  }

  const devices = navigator.mediaDevices ?? new EventTarget();
  if (!navigator.mediaDevices) Object.defineProperty(navigator, 'mediaDevices', { value: devices, configurable: true });
  devices.getUserMedia = async ({ video }) => {
    globalThis.__asked += 1;
    const wanted = video.deviceId?.exact;
    const camera = wanted === undefined ? Object.values(cameras)[0] : cameras[wanted];
    if (!camera) throw Object.assign(new Error('no such camera'), { name: wanted === undefined ? 'NotFoundError' : 'OverconstrainedError' });
    return open(camera);
  };
  devices.enumerateDevices = async () => Object.values(cameras).map(({ id, label }) => ({ kind: 'videoinput', deviceId: id, groupId: '', label }));
}
