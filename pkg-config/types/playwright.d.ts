import type { ActionName, LivenessEvents, Outcome } from './index.js';
import type { Scenario } from './testkit.js';

/** What is needed of a Playwright page; `Page` of `@playwright/test` and of `playwright-core` has it. */
export interface PageLike {
  addInitScript(script: { content: string }): Promise<unknown>;
  exposeBinding(name: string, callback: (source: any, ...args: any[]) => unknown): Promise<unknown>;
  route(url: string, handler: (route: any) => unknown): Promise<unknown>;
}

/** What a test says to the element, and hears from it. */
export class PageLiveness {
  /** Every event of every attempt, as `detail` had it. */
  readonly events: (LivenessEvents[keyof LivenessEvents] | { type: 'submit' | 'result' | 'error' | 'cancel' })[];
  /**
   * Attempts are played, without camera, cloud or networks: one scenario for every start, or one after the other, the last again and again.
   * `pace`: ms between two events, default 40. Call it before `page.goto`.
   */
  script(scenarios: Scenario | Scenario[], options?: { actions?: ActionName[]; pace?: number }): Promise<void>;
  /**
   * The page's camera shows these pictures (JPEG, PNG or WebP); networks and protocol are the real ones. `action` is what is asked for at that
   * moment. Default: 640 × 480, 15 a second. Call it before `page.goto`.
   */
  camera(
    source: (now: { ms: number; action: ActionName | null }) => Uint8Array | Promise<Uint8Array>,
    options?: { width?: number; height?: number; fps?: number },
  ): Promise<void>;
  /** Every call to the cloud is answered by the test, and every evidence is good. `calls` holds the names of the calls so far. */
  cloud(options?: { actions?: ActionName[] }): Promise<{ calls: string[] }>;
  /** The next end that no call has had yet; rejects after `timeout` ms, default 30000. */
  outcome(timeout?: number): Promise<Outcome>;
}

/** For `playwright-core`, before the page goes anywhere. */
export function livenessOf(page: PageLike): Promise<PageLiveness>;

/** For `@playwright/test`: `base.extend<{ liveness: PageLiveness }>(fixtures)`. */
export const fixtures: { liveness: (args: { page: PageLike }, use: (liveness: PageLiveness) => Promise<void>) => Promise<void> };
