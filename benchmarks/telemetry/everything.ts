import { openSync } from 'node:fs'
import type { GatewayEvent } from '@holdfast/gateway'
import { statuses } from '@holdfast/policy'
import { exposition, type Family, policyFamilies, processMetrics } from '@holdfast/telemetry'
import { type Level, logger } from '@holdfast/telemetry/logs'
import { traceFamilies, tracing } from '@holdfast/telemetry/tracing'

/** All that a gateway can tell of itself. */
export interface Everything {
  readonly tell: (event: GatewayEvent) => void
  /** The page for a scraper, with what the gateway counted. */
  page(gateway: readonly Family[]): Promise<string>
}

/** How much is told: the share of requests that is sampled (what fails is kept as well), and from which level on lines are written to `file`. */
export interface Telling {
  readonly sample: number
  readonly level: Level
  readonly file: string
}

/** Traces, a log, and the metrics of this process; as in the runtime, a request that is answered is worth a line of level `debug`. */
export function everything({ sample, level, file }: Telling): Everything {
  const { statistics } = tracing({ service: 'gateway', sample, keep: { failed: true } })
  const log = logger({ service: 'gateway', level, destination: openSync(file, 'a') })
  const own = processMetrics()
  let counted: readonly Family[] = []
  const metrics = exposition(async () => [
    ...counted,
    ...policyFamilies(statuses()),
    ...traceFamilies(statistics()),
    ...(await own.families()),
  ])
  return {
    tell({ type, ...fields }) {
      log[type === 'chain.answered' ? 'debug' : 'info'](fields, type)
    },
    async page(gateway) {
      counted = gateway
      return metrics.text()
    },
  }
}
