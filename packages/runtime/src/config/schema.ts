import { levels } from '@holdfast/telemetry/lines'
import { z } from 'zod'
import { cache } from './cache.ts'
import { chain } from './chain.ts'
import { keys } from './client-keys.ts'
import { price } from './price.ts'
import { count, loopback, pattern, place, says, share, size, text, time, url, word } from './scalars.ts'
import { serviceShape, strategy } from './service.ts'
import { preset, upstreamOf, upstreamShape } from './upstream.ts'

/*
 * What a holdfast.yaml may say, and what it means once read: durations in ms, addresses taken apart, everything defaulted.
 * A mapping or a list with nothing under it (`upstreams:`) is empty.
 */

function unlessNull<T extends z.ZodType>(schema: T, empty: object) {
  return z.preprocess((value) => (value === null ? empty : value), schema)
}
const mapping = <T extends z.ZodRawShape>(shape: T) => unlessNull(z.strictObject(shape), {})
const named = <T extends z.ZodType>(value: T) => unlessNull(z.record(word, value), {}).default({})
const list = <T extends z.ZodType>(item: T) => unlessNull(z.array(item), [])

const policy = mapping({
  preset,
  retry: mapping({ attempts: count.optional(), initial: time.optional(), max: time.optional() }).optional(),
  budget: word.optional(),
  breaker: mapping({
    failures: count.optional(),
    openFor: time.optional(),
    successes: count.optional(),
  }).optional(),
  timeout: z
    .preprocess(
      (value) => (typeof value === 'string' ? { total: value } : value),
      mapping({
        connect: time.optional(),
        headers: time.optional(),
        firstToken: time.optional(),
        idle: time.optional(),
        total: time.optional(),
      }),
    )
    .optional(),
})

const upstream = mapping(upstreamShape).transform(upstreamOf)

const rule = mapping({ match: pattern, answer: text })

const service = mapping(serviceShape)

const here = (port: number) => ({ listen: { host: '127.0.0.1', port } })
const gateway = mapping({
  listen: place.default(here(4700).listen),
  keys: keys.optional(),
  keepAlive: time.optional(),
  cache: cache.optional(),
  replicas: count.optional(),
  drain: time.optional(),
})
const control = mapping({ listen: loopback.default(here(4701).listen) })

const level = z.enum(levels, says(`must be one of ${levels.join(', ')}`))
const kept = { size: 10_000_000, files: 5, age: 7 * 86_400_000 }
const keep = mapping({
  size: size.default(kept.size),
  files: count.default(kept.files),
  age: time.default(kept.age),
})
const log = mapping({ level: level.default('info'), services: named(level), keep: keep.default(kept) })
const logged: z.infer<typeof log> = { level: 'info', services: {}, keep: kept }

export const schema = z.strictObject({
  gateway: gateway.default(here(4700)),
  control: control.default(here(4701)),
  telemetry: mapping({
    otlp: url.optional(),
    sample: share.optional(),
    slow: time.optional(),
    log: log.default(logged),
  }).default({ log: logged }),
  policies: named(policy),
  upstreams: named(upstream),
  rules: list(rule).default([]),
  prices: unlessNull(z.record(text, price), {}).default({}),
  chains: named(chain),
  services: named(service),
  groups: named(strategy),
})

/** A configuration that fits the schema; whether its names lead anywhere is checked apart. */
export type Config = z.infer<typeof schema>
export type PolicyConfig = Config['policies'][string]
export type ServiceConfig = Config['services'][string]
