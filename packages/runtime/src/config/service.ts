import { constants } from 'node:os'
import { z } from 'zod'
import { amount, count, place, says, share, size, text, time, word } from './scalars.ts'

/*
 * What a service may say. A mapping or a list with nothing under it is empty.
 */

const unlessNull = <T extends z.ZodType>(schema: T, empty: object) =>
  z.preprocess((value) => (value === null ? empty : value), schema)
const mapping = <T extends z.ZodRawShape>(shape: T) => unlessNull(z.strictObject(shape), {})
const list = <T extends z.ZodType>(item: T) => unlessNull(z.array(item), [])

const variable = z
  .union([z.string(), z.number(), z.boolean()], says('must be text, a number, or true or false'))
  .transform(String)

const aCommand = says('must be a command line, or a list of the program and its arguments, each of them text')
const command = z.union([text, z.tuple([text], z.string(), aCommand)], aCommand)

const environment = mapping({
  venv: text.optional(),
  node: text.optional(),
  envFile: text.optional(),
  user: text.optional(),
})

const policies = ['always', 'on-failure', 'never'] as const
const strategies = ['one-for-one', 'one-for-all', 'rest-for-one'] as const

const aCode = says('must be an exit code from 0 to 255')

const alive = z.preprocess(
  (value) => (typeof value === 'string' ? { check: value } : value),
  mapping({ check: text, every: time.optional(), timeout: time.optional(), failures: count.optional() }),
)

const restartAt = mapping({
  cron: text.optional(),
  timezone: text.optional(),
  every: time.optional(),
  jitter: time.optional(),
})

const autoscale = mapping({
  min: count.optional(),
  max: count,
  cpu: amount.optional(),
  inFlight: amount.optional(),
  queue: amount.optional(),
  lag: time.optional(),
  page: text.optional(),
  every: time.optional(),
  tolerance: share.optional(),
  downAfter: time.optional(),
  coolDown: time.optional(),
  up: count.optional(),
  down: count.optional(),
})

/** How services that name a group are restarted together. */
export const strategy = z.enum(strategies, says(`must be one of ${strategies.join(', ')}`))

export const serviceShape = {
  command,
  cwd: text.optional(),
  environment: environment.optional(),
  env: unlessNull(z.record(z.string(), variable), {}).optional(),
  listen: place.optional(),
  hold: z.boolean(says('must be true or false')).optional(),
  replicas: count.optional(),
  enough: count.optional(),
  surge: count.optional(),
  spare: z.preprocess(Number, z.union([z.literal(0), z.literal(1)], says('must be 0 or 1'))).optional(),
  needs: list(text).optional(),
  group: word.optional(),
  ready: text.optional(),
  startTimeout: time.optional(),
  alive: alive.optional(),
  before: command.optional(),
  after: command.optional(),
  hookTimeout: time.optional(),
  stopSignal: z
    .string()
    .refine((name) => name in constants.signals, says('must be a signal, such as SIGTERM or SIGINT'))
    .transform((name) => name as NodeJS.Signals)
    .optional(),
  stopGrace: time.optional(),
  autoscale: autoscale.optional(),
  restart: z.enum(policies, says(`must be one of ${policies.join(', ')}`)).optional(),
  successCodes: list(z.int(aCode).min(0, aCode).max(255, aCode)).optional(),
  backoff: mapping({ initial: time.optional(), max: time.optional() }).optional(),
  giveUp: mapping({ restarts: count, within: time }).optional(),
  maxMemory: size.optional(),
  restartAt: restartAt.optional(),
  onGovernorDeath: z.enum(['kill', 'adopt'], says('must be kill or adopt')).optional(),
}
