import { hash } from 'node:crypto'
import { preset, retryPresets } from '@holdfast/policy'
import { describe, expect, it } from 'vitest'
import { readConfig } from './config/read.ts'
import { gatewayOptions } from './gateway-options.ts'
import { retryOf } from './policy-of.ts'

const options = (text: string) => gatewayOptions(readConfig({ file: 'x', text, environment: {} }))

describe('gatewayOptions', () => {
  it('leaves to the gateway what the file does not say', () => {
    expect(options('upstreams: { a: { url: http://x } }\nchains: { default: [a] }')).toEqual({
      upstreams: {
        a: { dialect: 'openai', url: 'http://x', key: undefined, model: undefined, policy: undefined },
      },
      chains: { default: { links: [{ link: 'a' }], order: 'cascade' } },
      prices: {},
      rules: [],
    })
  })

  it('hands over all that the file says', () => {
    const { upstreams, keepAlive } = options(`
policies:
  ai:
    retry: { attempts: 3, initial: 10ms, max: 20ms }
    breaker: { failures: 2, successes: 3 }
    timeout: { connect: 1s, idle: 3s }
upstreams:
  a: { dialect: anthropic, url: http://x, keys: [k, l], model: m, tools: true, vision: false, context: 8000, prefill: true, streams: true, responses: true, policy: ai }
gateway: { keepAlive: 5s }
`)

    expect(keepAlive).toBe(5_000)
    expect(upstreams['a']).toEqual({
      dialect: 'anthropic',
      url: 'http://x',
      keys: ['k', 'l'],
      model: 'm',
      tools: true,
      vision: false,
      context: 8_000,
      prefill: true,
      streams: true,
      responses: true,
      policy: {
        retry: { attempts: 3, backoff: { initial: 10, max: 20 } },
        budget: 'ai',
        breaker: { failures: 2, successes: 3 },
        timeout: { connect: 1_000, idle: 3_000 },
      },
    })
  })

  it('hands over all that the file says of a chain', () => {
    const { chains } = options(`
policies: { quick: { timeout: 1s } }
upstreams: { a: { url: http://x }, b: { url: http://y } }
chains:
  balanced:
    links: [{ link: a/m, weight: 3, policy: quick }, b, stale]
    order: weighted
    hedge: { after: 2s, share: 0.1 }
    cache: { for: 10m, stale: 1d, keep: disk, apart: true }
    stream: buffered
`)

    expect(chains['balanced']).toMatchObject({
      links: [
        { link: 'a/m', weight: 3, policy: { budget: 'quick', timeout: { total: 1_000 } } },
        { link: 'b' },
        { link: 'stale' },
      ],
      order: 'weighted',
      hedge: { after: 2_000, share: 0.1 },
      cache: { for: 600_000, stale: 86_400_000, keep: 'disk', apart: true },
      stream: 'buffered',
    })
  })

  it('takes from what is known of a provider what the file does not say', () => {
    const { upstreams } = options(`
upstreams:
  a: { provider: deepseek, key: k }
  b: { provider: openrouter, dialect: openai }
  d: { provider: vllm }
  c: { provider: lmstudio, url: "http://mac.local:1234" }
`)

    expect(upstreams['a']).toMatchObject({
      dialect: 'both',
      url: 'https://api.deepseek.com/v1',
      anthropicUrl: 'https://api.deepseek.com/anthropic',
    })
    expect(upstreams['d']).toMatchObject({ prefill: 'vllm', url: 'http://localhost:8000/v1' })
    expect(upstreams['b']).toMatchObject({ dialect: 'openai', anthropicKey: 'bearer', responses: true })
    expect(upstreams['c']).toMatchObject({ dialect: 'both', url: 'http://mac.local:1234', responses: true })
  })

  it('hands over the preset of a system outside, of a policy or of an upstream, and what is said beside it', () => {
    const { upstreams } = options(`
policies: { slow: { preset: lmstudio, breaker: { openFor: 1s }, timeout: { idle: 5s } } }
upstreams: { a: { url: http://x, preset: ai_provider }, b: { url: http://x, policy: slow } }
`)

    expect(upstreams['a']?.policy).toEqual({
      retry: preset('ai_provider').retry,
      budget: 'a',
      breaker: { failures: 5, openFor: 60_000 },
      timeout: { total: 120_000 },
    })
    expect(upstreams['b']?.policy).toMatchObject({
      budget: 'slow',
      breaker: { failures: 5, openFor: 1_000 },
      timeout: { idle: 5_000, total: 120_000 },
    })
  })

  it('lets all upstreams of one policy, or of one named budget, share it', () => {
    const { upstreams } = options(
      'policies: { p: {}, q: { budget: p } }\nupstreams: { a: { url: http://x, policy: p }, b: { url: http://x, policy: q } }',
    )

    expect(Object.values(upstreams).map(({ policy }) => policy?.budget)).toEqual(['p', 'p'])
  })

  it('gives each of several processes its part of what a client may, rounded down', () => {
    const limits = 'requests: 11/h, tokens: 1000/m, concurrent: 3, spend: 5/d, stream: buffered, chains: [c]'
    const text = (replicas: number) => `
gateway: { replicas: ${replicas}, keys: { alice: { secret: 0123456789abcdef, ${limits} }, bob: { secret: 0123456789abcdeg } } }
upstreams: { a: { url: http://x } }
prices: { a: { input: 1, output: 1 } }
chains: { c: [a] }
`
    const alice = (replicas: number) => options(text(replicas)).clients?.['alice']

    expect(alice(1)).toEqual({
      sha256: hash('sha256', '0123456789abcdef', 'hex'),
      chains: ['c'],
      requests: { limit: 11, per: 3_600_000 },
      tokens: { limit: 1_000, per: 60_000 },
      concurrent: 3,
      spend: { amount: 5, per: 'day' },
      buffered: true,
    })
    expect(alice(3)).toMatchObject({
      requests: { limit: 3 },
      tokens: { limit: 333 },
      concurrent: 1,
      spend: { amount: 5 },
    })
    expect(options(text(2)).clients?.['bob']).toMatchObject({ requests: undefined, buffered: false })
    expect(options('').clients).toBeUndefined()
  })

  it('takes rules without regard to case, and over several lines', () => {
    const [rule] = options('rules: [{ match: "^hello.*world$", answer: hi }]').rules ?? []

    expect(rule?.match.test('Hello\nWORLD')).toBe(true)
  })
})

describe('retryOf', () => {
  it.each(['default', 'transient', 'slowService'] as const)(
    'is the preset %s where nothing else is said',
    (preset) => {
      expect(retryOf({ preset })).toEqual(retryPresets[preset])
    },
  )

  it('is transient without a preset, and one attempt without retries', () => {
    expect(retryOf({})).toEqual(retryPresets.transient)
    expect(retryOf({ preset: 'none' }).attempts).toBe(1)
  })

  it.each([
    ['a longer first wait lengthens the longest', { initial: 60_000 }, { initial: 60_000, max: 60_000 }],
    ['a shorter longest wait shortens the first', { max: 100 }, { initial: 100, max: 100 }],
    ['what is said stands', { initial: 1, max: 2 }, { initial: 1, max: 2 }],
  ])('%s', (_, retry, backoff) => {
    expect(retryOf({ retry })).toEqual({ attempts: 2, backoff })
  })

  it('gives attempts that are asked for a pause, even where the preset has none', () => {
    expect(retryOf({ preset: 'none', retry: { attempts: 3 } })).toEqual({
      attempts: 3,
      backoff: { initial: 500, max: 5_000 },
    })
  })
})
