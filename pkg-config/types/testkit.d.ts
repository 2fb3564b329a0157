import type { FaceIdLivenessElement } from './element.js';
import type { ActionName, Liveness, LivenessEvents, LivenessOptions, Outcome, StateName } from './index.js';

export type Scenario = 'pass' | 'other-person' | 'wrong-action' | 'attack' | 'token-used' | 'no-permission' | 'no-camera' | 'network' | 'cancel';

/** Names of the endings. */
export const SCENARIOS: readonly Scenario[];

export interface ScriptOptions {
  /** Asked in this order; default nod, blink, mouth. */
  actions?: ActionName[];
  /** The clock, ms; `async () => {}` takes no time. Default: real time, 40 ms an event. */
  wait?: (ms: number) => Promise<unknown>;
}

/** The events of an attempt in their order. */
export function eventsOf(scenario: Scenario, actions?: ActionName[]): LivenessEvents[keyof LivenessEvents][];

/** Stands in for `Liveness`: same events, same promise, same methods. */
export class ScriptedLiveness extends EventTarget implements Pick<Liveness, 'closed' | 'start' | 'cancel' | 'init' | 'resume'> {
  constructor(scenario: Scenario, options?: ScriptOptions);
  readonly state: StateName;
  readonly closed: Promise<Outcome>;
  init(): Promise<void>;
  start(): Promise<Outcome>;
  resume(): Promise<void>;
  cancel(): void;
}

/** From now on this element plays scenarios instead of opening a camera; given the class's prototype, every element does. Returns what puts the camera back. */
export function script(element: FaceIdLivenessElement, scenario: Scenario | ((options: LivenessOptions) => Scenario), options?: ScriptOptions): () => void;
