import type { CameraFaultName } from './index.js';

export type SupportTest = 'secureContext' | 'permissionsPolicy' | 'camera' | 'wasm' | 'simd' | 'worker' | 'webCrypto' | 'customElements';

/** The app or browser around the page. For wording only: what works is in `tests`. */
export interface Container {
  /** Stable name, for example `wechat`, `alipay`, `wkwebview`. */
  id: string;
  name: string;
  /** yes = known to give pages the camera; host = the app's maker must switch it on; some = depends on device and version; no. */
  camera: 'yes' | 'host' | 'some' | 'no';
  /** An English sentence. */
  remedy: string;
}

export interface Support {
  supported: boolean;
  tests: Record<SupportTest, boolean>;
  /** Names of the failed tests that end an attempt; without SIMD it is only slower. */
  missing: SupportTest[];
  /** A reason and a remedy for each failed test, `simd` included; English sentences. */
  findings: { test: SupportTest; reason: string; remedy: string }[];
  /** `null` in an ordinary browser, and in an app that does not say which it is. */
  container: Container | null;
}

/** What this browser can do, found out without asking for the camera. */
export function checkSupport(): Support;

/** Opens the camera for a moment and turns it off again; call it from a click. Never rejects. `width` and `height` in pixels, 0 when unknown. */
export function checkWithCamera(): Promise<{ ok: boolean; fault: CameraFaultName | null; label: string; width: number; height: number }>;

/** The app that a user agent names. */
export function containerOf(userAgent: string, globals?: { Capacitor?: unknown }): Container | null;
