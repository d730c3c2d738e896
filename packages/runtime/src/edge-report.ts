import type { GatewayStatus } from '@holdfast/gateway'
import { type Clock, systemClock } from '@holdfast/policy'

/** How often the edge reports, in ms, and for how long its last report is believed. */
export const reportEvery = 500
const believedFor = 5_000

/** What the edge said last of its gateway: nothing before it spoke, once it is gone, or when it has been silent for 5 s. */
export interface EdgeReport {
  tell(status: GatewayStatus): void
  forget(): void
  latest(): GatewayStatus | undefined
}

export function edgeReport(clock: Clock = systemClock): EdgeReport {
  let last: { readonly status: GatewayStatus; readonly at: number } | undefined
  return {
    tell(status) {
      last = { status, at: clock.now() }
    },
    forget() {
      last = undefined
    },
    latest: () => (last && clock.now() - last.at <= believedFor ? last.status : undefined),
  }
}
