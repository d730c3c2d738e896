// What every service here has: the file, a log, traces, and a way to say that it cannot.
import { basename } from 'node:path'
import { systemClock } from '@holdfast/policy'
import { context } from '@holdfast/policy/context'
import { logger } from '@holdfast/telemetry/logs'
import { tracing } from '@holdfast/telemetry/tracing'
import { load } from 'holdfast'

const service = process.env['HOLDFAST_SERVICE'] ?? basename(process.argv[1]!, '.ts')
const collector = process.env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']

/** The upstreams of the file, by name. */
export const hf = await load(`${import.meta.dirname}/holdfast.yaml`)
export const log = logger({ service })
/** Where this service listens, as the file says. */
export const { HOST: host = '127.0.0.1', PORT: port = '0' } = process.env

const { shutdown } = tracing({ service, ...(collector && { otlp: collector }) })

process.once('SIGTERM', async () => {
  await Promise.all([hf.close(), shutdown()])
  process.exit()
})

/** Notes what was asked for, and how many ms are left of the caller's time. */
export function asked(what: string): void {
  const { deadline } = context()
  log.info(
    deadline === undefined ? {} : { left: Math.floor(deadline - systemClock.now()) },
    `asked for ${what}`,
  )
}
