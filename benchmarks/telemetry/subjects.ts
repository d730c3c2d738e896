import { AsyncLocalStorage } from 'node:async_hooks'
import { policy } from '@holdfast/policy'
import { runIn } from '@holdfast/policy/context'
import { redact, redactText } from '@holdfast/telemetry/lines'
import { logger } from '@holdfast/telemetry/logs'
import { traced } from '@holdfast/telemetry/traces'
import { type TracingOptions, tracing } from '@holdfast/telemetry/tracing'
import { pino } from 'pino'
import { composed, full } from '../policy/holdfast.ts'
import type { Timed } from '../policy/timing.ts'
import { peer } from './peer.ts'
import { fields, line, request } from './typical.ts'

/** What is measured together, in one process: that of its name. */
export type Subject = keyof typeof subjects

const work = async () => 1
const ours = (name: string, call: () => unknown): Timed => row('holdfast', name, call)
const row = (library: string, name: string, call: () => unknown): Timed => ({
  library,
  name,
  call: call as Timed['call'],
})

/** The rows of each subject. A process has one tracing at most, so that each has a process of its own. */
export const subjects = {
  policies: () => composed.filter(({ name }) => name.startsWith('full cooperative')),
  'no SDK': () => spans(),
  contexts: () => [row('Node', 'AsyncLocalStorage.run', () => storage.run(0, work))],
  unsampled: () => [
    ours('a context alone', () => runIn(storage, 0, work)),
    ...spans({ sample: 0 }),
    ...sdk(false),
  ],
  'unsampled, kept if it fails': () => spans({ sample: 0, keep: { failed: true } }),
  sampled: () => [...spans({ sample: 1 }), ...sdk(true)],
  logs: () => [...lines(), ...redacting()],
} as const

const storage = new AsyncLocalStorage<number>()

function spans(options?: Omit<TracingOptions, 'service'>): Timed[] {
  if (options !== undefined) tracing({ service: 'benchmark', ...options })
  const pipeline = full('cooperative')
  const named = policy('telemetry', pipeline)
  return [
    ours('traced', traced('work', work)),
    ours('traced, inside one that is', traced('outer', traced('work', work))),
    ours('full pipeline', () => pipeline(work)),
    ours(
      'full pipeline, traced',
      traced('ask', () => pipeline(work)),
    ),
    ours('full pipeline, by name', () => named(work)),
  ]
}

/** The same span by hand, on a provider beside the registered one; it hands its spans to nobody. */
function sdk(sampled: boolean): Timed[] {
  const tracer = peer(sampled)
  return [
    row('SDK', 'startActiveSpan, end', () =>
      tracer.startActiveSpan('work', async (span) => {
        try {
          return await work()
        } finally {
          span.end()
        }
      }),
    ),
    row('SDK', 'startSpan, end', async () => {
      const span = tracer.startSpan('work')
      try {
        return await work()
      } finally {
        span.end()
      }
    }),
  ]
}

/** To a destination that takes every line and does nothing with it. */
function lines(): Timed[] {
  const destination = { write: () => {} }
  const mine = logger({ service: 'benchmark', destination })
  const its = pino(
    { base: { service: 'benchmark', pid: 1 }, timestamp: pino.stdTimeFunctions.isoTime },
    destination,
  )
  const paths = ['headers.authorization', 'headers.cookie', 'headers["x-api-key"]', 'body.login.password']
  const redacting = pino({ redact: paths }, destination)
  return [
    row('pino', 'below the level', () => its.debug('answered')),
    ours('below the level', () => mine.debug('answered')),
    row('pino', 'a message', () => its.info('answered')),
    ours('a message', () => mine.info('answered')),
    row('pino', 'a message with 4 fields', () => its.info(fields, 'answered')),
    ours('a message with 4 fields', () => mine.info(fields, 'answered')),
    row('pino', 'a request, 4 paths redacted', () => redacting.info(request, 'asked')),
    ours('a request', () => mine.info(request, 'asked')),
  ]
}

function redacting(): Timed[] {
  return [
    ours('redact, 4 fields', () => redact(fields)),
    ours('redact, a request', () => redact(request)),
    ours('redactText, a line', () => redactText(line)),
  ]
}
