import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { redact } from './redact.ts'
import { redactLine } from './redact-line.ts'
import { redactText } from './redact-text.ts'

/** A secret as it stands in a text, and the part of it that must not come out. */
interface Planted {
  readonly text: string
  readonly hidden: string
}

const lower = 'abcdefghijklmnopqrstuvwxyz'
const upper = lower.toUpperCase()
const digits = '0123456789'
const of = (alphabet: string, minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength, maxLength })
const alnum = lower + upper + digits
/** At least one digit and both cases, as chance gives nearly every real one. */
const random = (min: number, max: number): fc.Arbitrary<string> =>
  of(alnum, min, max).map((text) => `${text}aB7`)
const as = (of: (body: string) => string, body: fc.Arbitrary<string>): fc.Arbitrary<Planted> =>
  body.map((hidden) => ({ text: of(hidden), hidden }))

/** Every shape of secret that is known. */
const shapes: Readonly<Record<string, fc.Arbitrary<Planted>>> = {
  'OpenAI key': as((body) => `sk-proj-${body}`, random(17, 60)),
  'Anthropic key': as((body) => `sk-ant-api03-${body}`, random(17, 60)),
  'Stripe key': as((body) => `sk_live_${body}`, random(17, 40)),
  'GitHub token': as((body) => `ghp_${body}`, random(33, 33)),
  'fine-grained GitHub token': as((body) => `github_pat_${body}`, random(33, 60)),
  'Slack token': as((body) => `xoxb-${body}`, random(20, 40)),
  'AWS key id': as((body) => `AKIA${body}`, of(upper + digits, 16, 16)),
  'Google key': as((body) => `AIza${body}`, random(32, 32)),
  'Hugging Face token': as((body) => `hf_${body}`, random(31, 31)),
  'npm token': as((body) => `npm_${body}`, random(33, 33)),
  'GitLab token': as((body) => `glpat-${body}`, random(17, 17)),
  'JSON web token': as((body) => `eyJhbGciOiJIUzI1NiJ9.${body}.${body}`, random(20, 40)),
  'bearer token': as((body) => `Bearer ${body}`, random(10, 40)),
  'basic credential': as((body) => `Basic ${body}`, random(10, 40)),
  'password in a URL': as((body) => `https://anna:${body}@example.com/x`, of(`${alnum}!$-_.%@`, 4, 20)),
  'parameter of a URL': as((body) => `https://example.com/x?a=1&api_key=${body}&b=2`, of(alnum, 6, 20)),
  'token in a URL': as((body) => `https://example.com/x?token=${body}`, random(6, 20)),
  'private key': as(
    (body) => `-----BEGIN PRIVATE KEY-----\n${body}\n${body}\n-----END PRIVATE KEY-----`,
    of(`${alnum}+/`, 40, 64),
  ),
  'password that is set': as(
    (body) => `password=${body}`,
    of(`${alnum}!$%^*-_.`, 6, 20).filter((s) => !/^(?:true|false|null)/.test(s)),
  ),
  'password in JSON': as((body) => JSON.stringify({ password: body }), of(`${alnum} !$%^*-_.`, 6, 20)),
  'password in JSON in JSON': as(
    (body) => JSON.stringify(JSON.stringify({ client_secret: body })),
    of(`${alnum} !$%^*-_.`, 6, 20),
  ),
  'secret in the environment': as((body) => `APP_CLIENT_SECRET=${body}`, of(`${alnum}+/`, 6, 40)),
  'long key': as((body) => `key=${body}`, of(`${alnum}+/`, 24, 64)),
}

/** A secret of any shape. */
const secret: fc.Arbitrary<Planted> = fc.oneof(...Object.values(shapes))

describe('redactText', () => {
  it.each(Object.keys(shapes))('finds a %s anywhere in a text', (shape) => {
    const prose = fc.constantFrom('', ' ', 'it was ', '("', "'", 'a=', '\n', '{"x":"', 'got: ', '<', '`', '[')
    const after = fc.constantFrom('', ' ', ' and more', '"}', "'", ')', '\n', ', x', ']', '>', '`')
    const property = fc.property(prose, shapes[shape]!, after, (before, { text, hidden }, rest) => {
      expect(redactText(before + text + rest)).not.toContain(hidden)
    })

    fc.assert(property, { seed: 1, numRuns: 200 })
  })

  it.each(Object.keys(shapes))('takes no text or line with a %s for harmless', (shape) => {
    const property = fc.property(shapes[shape]!, ({ text, hidden }) => {
      for (const line of [text, `it is ${text}`, JSON.stringify({ a: { b: `it is ${text}` } })]) {
        if (line.includes(hidden)) expect(redactLine(line)).not.toContain(hidden)
      }
    })

    fc.assert(property, { seed: 1, numRuns: 100 })
  })

  it('does no more to separate words the second time, and never throws', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      secret.map(({ text }) => text),
      fc.constantFrom(
        'token: ',
        'password=',
        '"',
        '\\',
        '[redacted]',
        'bearer ',
        '://',
        '@',
        '=',
        '-----BEGIN PRIVATE KEY-----',
      ),
    )
    const property = fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
      const once = redactText(pieces.join(' '))

      expect(redactText(once)).toBe(once)
    })

    fc.assert(property, { seed: 1, numRuns: 1_000 })
  })
})

describe('redact', () => {
  it('lets no planted secret out of anything, wherever it is', () => {
    const leaf = fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.boolean())
    const around = fc.constantFrom('value', 'key', 'text', 'error', 'list', 'map', 'cause', 'nested')
    const property = fc.property(
      secret,
      fc.array(around, { maxLength: 5 }),
      leaf,
      ({ text, hidden }, path, other) => {
        let value: unknown = `before ${text} after`
        for (const step of path) value = wrapped(step, value, other)

        expect(JSON.stringify(redact(value))).not.toContain(JSON.stringify(hidden).slice(1, -1))
      },
    )

    fc.assert(property, { seed: 1, numRuns: 2_000 })
  })
})

function wrapped(step: string, value: unknown, other: unknown): unknown {
  switch (step) {
    case 'key':
      return typeof value === 'string' ? { [value]: other } : { value, other }
    case 'error':
      return typeof value === 'string' ? new Error(value) : Object.assign(new Error('x'), { value })
    case 'cause':
      return new Error('outer', { cause: value })
    case 'list':
      return [other, value, other]
    case 'map':
      return new Map([[other, value]])
    case 'text':
      return typeof value === 'string' ? `${value} ${JSON.stringify(other)}` : [value]
    default:
      return { other, [step]: value }
  }
}
