import type { CheckAnswer } from '@holdfast/telemetry/health'

/** Asks one upstream how it is, over its own wire. */
export interface UpstreamCheck {
  /** Nothing is healthy; rejects where it does not answer. */
  ask(signal: AbortSignal): Promise<CheckAnswer | undefined>
  close(): Promise<void>
}

/** How long an upstream may take to answer a check, in ms. */
export const patience = 2_000
