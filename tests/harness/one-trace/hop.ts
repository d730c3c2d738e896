import { statuses } from '@holdfast/policy'
import { exposition, policyFamilies } from '@holdfast/telemetry'
import { type Logger, logger } from '@holdfast/telemetry/logs'
import { tracing } from '@holdfast/telemetry/tracing'

/** What one of the three processes has of the test that started it. */
export interface Hop {
  readonly log: Logger
  /** The port of the process that comes after this one. */
  readonly next: Promise<number>
  /** Says where this one listens. */
  listening(address: unknown): void
}

/** Makes this process one of three: traced, with a log on its standard output, and over once its parent has its metrics or is gone. */
export function hop(service: string): Hop {
  const { statistics, shutdown } = tracing({ service, otlp: process.env['COLLECTOR']! })
  const { page } = exposition(async () => policyFamilies(statuses()))
  const next = Promise.withResolvers<number>()
  const end = async () => {
    await shutdown()
    const { text } = await page('application/openmetrics-text')
    if (!process.connected) return
    process.send!({ metrics: `${text}\n${JSON.stringify(statistics())}` }, () => process.disconnect())
  }
  process.on('message', ({ port }: { readonly port?: number }) => {
    if (port === undefined) void end()
    else next.resolve(port)
  })
  process.once('disconnect', () => process.exit())
  return {
    log: logger({ service }),
    next: next.promise,
    listening: (address) => void process.send!({ port: (address as { readonly port: number }).port }),
  }
}
