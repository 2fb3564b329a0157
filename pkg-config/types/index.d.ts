import type { OutcomeText } from './codes.js';

/** What the person is asked to do. */
export type ActionName = 'nod' | 'shake' | 'blink' | 'mouth';

/** Where the session is; keys of `states` in the texts. */
export type StateName =
  | 'not_started' | 'wait_camera' | 'align_face' | 'calibrate' | 'await_challenge' | 'act' | 'commit' | 'submit' | 'await_verdict' | 'closed';

/** One hint at a time; keys of `guidance` in the texts. */
export type GuidanceName =
  | 'no_face' | 'several_faces' | 'too_far' | 'too_close' | 'off_centre' | 'not_frontal' | 'lens_covered' | 'too_dark' | 'too_bright' | 'back_lit' | 'blurred'
  | 'eyes_hidden' | 'face_covered' | 'hold_still' | 'wrong_action' | 'slower' | 'faster';

/** Why the camera cannot be used; keys of `camera` in the texts. */
export type CameraFaultName = 'denied' | 'not_found' | 'busy' | 'overconstrained' | 'unsupported' | 'unplugged' | 'stalled';

/** Who can put an outcome right. */
export type Blame = OutcomeText['blame'];

/** How an attempt ended: a row of the SDK table. */
export interface Outcome {
  type: 'closed';
  /** 5xxxx */
  code: number;
  /** Message of the row; the key of a row is code and message together. */
  message: string;
  /** True when the cloud said so. Never a verdict to trust: ask get_result on your server. */
  fromServer: boolean;
  blame: Blame;
  /** Whether another attempt, with a new token, may end otherwise. */
  retryable: boolean;
}

/** Events of an attempt by type; each `CustomEvent` carries the object as `detail`. */
export interface LivenessEvents {
  state: { type: 'state'; state: StateName };
  /** `leftMs`: until time runs out for this action, ms. It goes on while the page is hidden. */
  prompt: { type: 'prompt'; step: number; of: number; action: ActionName; leftMs: number };
  /** `step` 0 = neutral pose, then 1-based actions; `fraction` 0..1. */
  progress: { type: 'progress'; step: number; fraction: number };
  /** In state `submit`: share of the evidence that the cloud has acknowledged, 0..1. It only grows. */
  upload: { type: 'upload'; fraction: number };
  guidance: { type: 'guidance'; guidance: GuidanceName | null };
  /** The action was seen in the page. */
  action: { type: 'action'; step: number; action: ActionName };
  'wrong-action': { type: 'wrong-action'; asked: ActionName; seen: ActionName };
  blink: { type: 'blink'; deliberate: boolean };
  camera: { type: 'camera'; label: string; width: number; height: number };
  /** Cameras to choose from (not those that face away), and the one in use; take another with `useCamera()`. */
  cameras: { type: 'cameras'; cameras: { id: string; label: string }[]; current?: string };
  'camera-fault': { type: 'camera-fault'; fault: CameraFaultName };
  /** The browser wants a tap before it plays the preview: call `resume()` from one. */
  'needs-tap': { type: 'needs-tap' };
  'engine-ready': { type: 'engine-ready' };
  closed: Outcome;
}

export interface LivenessOptions {
  /** One-use token from get_biz_token. */
  bizToken: string;
  /** Base URL of the cloud; default: the page's own origin. */
  server?: string;
  /** Preview; without it the attempt runs unseen. */
  video?: HTMLVideoElement;
  /** BCP 47 tag reported to the cloud. */
  lang?: string;
  /** The consent the person gave; `ts` in Unix milliseconds. */
  consent?: { textId: string; ts: number };
  /** Actions the person cannot do; the cloud draws from the others. */
  excludedActions?: ActionName[];
  /** Random id that your page keeps for this device (16 to 64 of A-Z a-z 0-9 - _), so that repeated failures of one device can be locked. */
  deviceId?: string;
  /** `deviceId` of a camera, taken as it is; one that is gone falls back to the choice by facing, label and colours. */
  cameraId?: string;
  /** Folder with a copy of the package (`npx faceid-liveness copy FOLDER`), when the files are not beside the module. */
  assetBase?: string;
  /** The worker's script, when it is elsewhere. Must be of the page's own origin. */
  workerUrl?: string;
  /** Single files of the engine elsewhere: absolute URLs. */
  assets?: Partial<AssetUrls['engine']>;
  /** How long the model worker may take to load, ms; default 45000. */
  engineTimeoutMs?: number;
  /** Cancels the attempt. */
  signal?: AbortSignal;
}

/** Absolute URLs of the package's files. */
export interface AssetUrls {
  shell: string;
  worker: string;
  engine: Record<string, string>;
}

/** Says where the files are, for attempts without `assetBase`; `faceid-liveness/slim` knows no place by itself. The last call counts. */
export function provideAssets(give: () => AssetUrls): void;

/**
 * Loads beforehand what an attempt needs (the part that shows the prompt compiled, the engine and its models kept by the browser), as long as the
 * person still reads or fills in a form. Opens no camera and sends nothing. `true` when everything is there; never rejects.
 */
export function preload(options?: Pick<LivenessOptions, 'assetBase' | 'workerUrl' | 'assets' | 'engineTimeoutMs'>): Promise<boolean>;

/** An error as a row of the SDK table. */
export class LivenessError extends Error {
  constructor(code: number, message: string, blame: Blame, retryable: boolean);
  readonly code: number;
  readonly blame: Blame;
  readonly retryable: boolean;
}

/** One attempt with one token. Always ends with exactly one `closed`; the camera is off by then. */
export class Liveness extends EventTarget {
  constructor(options: LivenessOptions);
  /** Resolves with the outcome, whatever it is. Never rejects. */
  readonly closed: Promise<Outcome>;
  readonly state: StateName;
  /** URL prefixes where the cloud lets the page send the person, from its authenticated reply to init; empty before it. For `returnAddress` of `faceid-liveness/bridge`. */
  returnPrefixes: string[];
  /** Loads the module and redeems the token. Rejects with a LivenessError; the attempt is over then. */
  init(): Promise<void>;
  /** Runs to the end; does `init` first when that has not been done. */
  start(): Promise<Outcome>;
  cancel(): void;
  resume(): Promise<void>;
  /** Takes another camera of the `cameras` event; false when it is too late, because a challenge is on its way or being done. */
  useCamera(id: string): boolean;
  addEventListener<K extends keyof LivenessEvents>(type: K, listener: (event: CustomEvent<LivenessEvents[K]>) => void, options?: AddEventListenerOptions | boolean): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: AddEventListenerOptions | boolean): void;
}

/** Makes and starts an attempt, in an element if one is given. */
export function createLiveness(options: LivenessOptions & { element?: import('./element.js').FaceIdLivenessElement }): Liveness;

/** Listener of the Android shape's init. */
export interface FaceIdInitListener {
  onSuccess?(): void;
  onFailed?(code: number, message: string): void;
}

/** Listener of the Android shape's detect: onSuccess for 51000 only. */
export interface FaceIdDetectListener {
  onSuccess?(code: number, message: string): void;
  onFailed?(code: number, message: string): void;
}

/** Settings that the native SDKs have built in. */
export type FacadeOptions = Omit<LivenessOptions, 'bizToken' | 'video'>;

/** Shape of the Android SDK. */
export class FaceIdManager {
  static getInstance(context?: unknown): FaceIdManager;
  configure(options: FacadeOptions): this;
  init(bizToken: string): void;
  startDetect(): void;
  setFaceIdInitListener(listener: FaceIdInitListener | null): void;
  setFaceIdDetectListener(listener: FaceIdDetectListener | null): void;
  getSdkVersion(): string;
  getSdkBuildInfo(): string;
}

/** Shape of the iOS SDK. */
export class MGFaceIDDetectManager {
  static initFaceIdManagerWithToken(token: string, options?: FacadeOptions): { manager: MGFaceIDDetectManager; error: LivenessError | null };
  startDetect(host: HTMLElement | null, callback: (code: number, message: string) => void): void;
  static getSdkVersion(): string;
  static getSdkBuildInfo(): string;
}

export { FaceIdLivenessElement, define } from './element.js';
export { checkSupport, checkWithCamera } from './support.js';
export const VERSION: string;
export const BUILD: string;
