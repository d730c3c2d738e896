import { z } from 'zod'
import { ruleFlags } from './rule-flags.ts'
import { address, addressText, duration, isLoopback } from './units.ts'

/** What a holdfast.yaml may say, and what it means once read: durations in ms, addresses taken apart, everything defaulted. */

/** A complaint in the user's words; a value that is not there at all is missing, whatever it should have been. */
function says(complaint: string): { error: (issue: { readonly input?: unknown }) => string } {
  return { error: ({ input }) => (input === undefined ? 'is missing' : complaint) }
}

const time = z
  .string(says('must be a duration with a unit, such as 500ms, 10s or 2m'))
  .transform((text, at) => {
    const ms = duration(text)
    if (ms !== undefined && ms > 0) return ms
    at.addIssue({
      code: 'custom',
      message: `'${text}' is no duration: write a number above 0 and a unit, such as 500ms, 10s or 2m`,
    })
    return z.NEVER
  })

const place = z.string(says('must be an address such as 127.0.0.1:4700')).transform((text, at) => {
  const read = address(text)
  if (read && read.port > 0) return read
  at.addIssue({ code: 'custom', message: `'${text}' is no address: write host:port, such as 127.0.0.1:4700` })
  return z.NEVER
})

/** Without client keys nobody but this machine may get in. */
const loopback = place.superRefine((read, at) => {
  if (isLoopback(read)) return
  at.addIssue({
    code: 'custom',
    message: `${addressText(read)} can be reached from outside, and there are no client keys yet: listen on 127.0.0.1 and put a proxy that authenticates in front`,
  })
})

const count = z
  .int(says('must be a whole number of at least 1'))
  .min(1, says('must be a whole number of at least 1'))
const word = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, says('must be a name of letters, digits, _ . and -'))
const text = z.string(says('must be text')).min(1, says('must not be empty'))

const policy = z.strictObject({
  preset: z
    .enum(
      ['default', 'transient', 'slowService', 'none'],
      says('must be one of default, transient, slowService, none'),
    )
    .optional(),
  retry: z
    .strictObject({ attempts: count.optional(), initial: time.optional(), max: time.optional() })
    .optional(),
  budget: word.optional(),
  breaker: z.strictObject({ failures: count.optional(), openFor: time.optional() }).optional(),
  timeout: z
    .preprocess(
      (value) => (typeof value === 'string' ? { total: value } : value),
      z.strictObject({
        connect: time.optional(),
        headers: time.optional(),
        firstToken: time.optional(),
        idle: time.optional(),
        total: time.optional(),
      }),
    )
    .optional(),
})

const upstream = z.strictObject({
  dialect: z.literal('openai', says('must be openai: the only dialect so far')).optional(),
  url: z.url({ protocol: /^https?$/, ...says('must be an http:// or https:// address') }),
  key: text.optional(),
  model: text.optional(),
  policy: text.optional(),
})

const rule = z.strictObject({
  match: text.superRefine((pattern, at) => {
    try {
      new RegExp(pattern, ruleFlags)
    } catch (error) {
      at.addIssue({
        code: 'custom',
        message: `is no regular expression: ${error instanceof Error ? error.message : error}`,
      })
    }
  }),
  answer: text,
})

const service = z.strictObject({
  command: z.union(
    [text, z.array(text).min(1)],
    says('must be a command line, or a list of the program and its arguments'),
  ),
  cwd: text.optional(),
  env: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String)).optional(),
  listen: place.optional(),
  needs: z.array(text).optional(),
  ready: text.optional(),
  startTimeout: time.optional(),
  stopGrace: time.optional(),
  backoff: z.strictObject({ initial: time.optional(), max: time.optional() }).optional(),
})

const listener = (port: number): z.ZodType<{ listen: { host: string; port: number } }> =>
  z
    .strictObject({ listen: loopback.default({ host: '127.0.0.1', port }) })
    .default({ listen: { host: '127.0.0.1', port } })

export const schema = z.strictObject({
  gateway: listener(4700),
  control: listener(4701),
  policies: z.record(word, policy).default({}),
  upstreams: z.record(word, upstream).default({}),
  rules: z.array(rule).default([]),
  chains: z.record(word, z.array(text).min(1, says('must have at least one link'))).default({}),
  services: z.record(word, service).default({}),
})

/** A configuration that fits the schema; whether its names lead anywhere is checked apart. */
export type Config = z.infer<typeof schema>
export type PolicyConfig = Config['policies'][string]
export type UpstreamConfig = Config['upstreams'][string]
export type ServiceConfig = Config['services'][string]
