import type { GatewayEvent, LinkFailure } from '@holdfast/gateway'
import { WireFailure } from '@holdfast/transport'
import { describe, expect, it } from 'vitest'
import { gatewayLog, type Log } from './gateway-log.ts'

interface Told {
  readonly level: string
  readonly message: unknown
  readonly fields: Readonly<Record<string, unknown>>
}

const told = (...events: GatewayEvent[]): Told[] => {
  const lines: Told[] = []
  const at = (level: string) => (fields: unknown, message?: unknown) =>
    void lines.push({ level, message, fields: { ...Object(fields) } })
  const log: Log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  const tell = gatewayLog(log)
  for (const event of events) tell(event)
  return lines
}
const words = (...events: GatewayEvent[]): string[] =>
  told(...events).map(({ level, message }) => `${level} ${message}`)
const failure = (link: string, reason: LinkFailure['class'] = 'transient'): LinkFailure => ({
  link,
  class: reason,
  message: 'the words of a provider',
  attempts: 1,
})
const answered = (link: string, ...failures: LinkFailure[]): GatewayEvent => {
  return { type: 'chain.answered', chain: 'default', link, attempts: failures.length + 1, failures, ms: 12.4 }
}
const facts = { chain: 'default', attempts: 2, failures: [failure('primary')], ms: 1_000 }

describe('gatewayLog', () => {
  it('tells plain answers to who debugs alone', () => {
    expect(words(answered('primary'), answered('primary'))).toEqual([
      'debug default: primary answered',
      'debug default: primary answered',
    ])
  })

  it('warns once of who took over, and tells once who is back', () => {
    expect(
      words(
        answered('primary'),
        answered('rules', failure('primary'), failure('secondary', 'open')),
        answered('rules', failure('primary', 'open'), failure('secondary', 'open')),
        answered('primary'),
        answered('secondary', failure('primary')),
      ),
    ).toEqual([
      'debug default: primary answered',
      'warn default: rules took over from primary',
      'info default: rules answered',
      'info default: primary answers again',
      'warn default: secondary took over from primary',
    ])
  })

  it('tells to who debugs alone what nobody was asked for, and takes it for no take-over', () => {
    const reused = (how: 'hit' | 'joined'): GatewayEvent => {
      return { type: 'chain.reused', how, chain: 'default', link: 'old', attempts: 0, failures: [], ms: 1 }
    }

    expect(words(answered('primary'), reused('hit'), reused('joined'), answered('primary'))).toEqual([
      'debug default: primary answered',
      'debug default: answered from the cache',
      'debug default: answered like one who asked the same',
      'debug default: primary answered',
    ])
  })

  it('warns of a cache that cannot write', () => {
    const error = new Error('ENOSPC')

    expect(told({ type: 'cache.failed', error })).toMatchObject([{ level: 'warn', fields: { err: error } }])
  })

  it('makes nothing of it that links of a chain share the requests', () => {
    expect(words(answered('one'), answered('two'), answered('one'), answered('three'))).toEqual([
      'debug default: one answered',
      'debug default: two answered',
      'debug default: one answered',
      'debug default: three answered',
    ])
    expect(
      words(
        answered('two'),
        answered('three', failure('one')),
        answered('two', failure('one')),
        answered('two'),
        answered('one'),
        answered('two'),
      ),
    ).toEqual([
      'debug default: two answered',
      'warn default: three took over',
      'info default: two answered',
      'debug default: two answered',
      'info default: one answers again',
      'debug default: two answered',
    ])
  })

  it('says whose request it was, and once that a client is over a limit, until it is let in again', () => {
    const refused: GatewayEvent = {
      type: 'client.refused',
      client: 'alice',
      chain: 'default',
      limit: 'tokens',
    }
    const bobs: GatewayEvent = { ...refused, client: 'bob' }
    const alices = { ...answered('primary'), client: 'alice' } as GatewayEvent

    expect(told(alices)[0]?.fields).toMatchObject({ client: 'alice', chain: 'default' })
    expect(told(refused)[0]?.fields).toEqual({
      event: 'client.refused',
      client: 'alice',
      chain: 'default',
      limit: 'tokens',
    })
    expect(words(refused, refused, bobs, refused, alices, bobs, refused)).toEqual([
      'info alice: over its limit (tokens)',
      'debug alice: over its limit (tokens)',
      'info bob: over its limit (tokens)',
      'debug alice: over its limit (tokens)',
      'debug default: primary answered',
      'debug bob: over its limit (tokens)',
      'info alice: over its limit (tokens)',
    ])
  })

  it('says so when the very first answer comes from further down', () => {
    expect(words(answered('secondary', failure('primary', 'timeout')))).toEqual([
      'warn default: secondary took over',
    ])
  })

  it('keeps chains apart', () => {
    const other = { ...answered('secondary'), chain: 'other' } as GatewayEvent

    expect(words(answered('primary'), other)[1]).toBe('debug other: secondary answered')
  })

  it('tells every time how a request ended that nobody answered', () => {
    expect(
      words(
        { type: 'chain.exhausted', ...facts },
        { type: 'chain.broke-off', ...facts },
        { type: 'chain.refused', ...facts, link: 'primary', status: 400 },
        { type: 'chain.cancelled', ...facts },
      ),
    ).toEqual([
      'error default: nobody could answer',
      'error default: an answer broke off and nobody could go on with it',
      'info default: primary refused the request',
      'info default: the client went away',
    ])
  })

  it('tells what the request went through and how it is found again, and nothing of what was said', () => {
    const trace = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true }
    const event = { ...answered('rules', failure('primary')), request: { trace, correlation: 'c-1' } }

    expect(told(event)).toEqual([
      {
        level: 'warn',
        message: 'default: rules took over',
        fields: {
          ...{ event: 'chain.answered', chain: 'default', link: 'rules', attempts: 2, ms: 12 },
          failures: { primary: 'transient' },
          ...{ trace_id: 'a'.repeat(32), span_id: 'b'.repeat(16), correlation_id: 'c-1' },
        },
      },
    ])
  })

  it('tells what a breaker does', () => {
    const policy = 'primary'

    expect(
      words(
        { type: 'breaker.opened', policy, openFor: 3_000, error: new Error('503') },
        { type: 'breaker.half-opened', policy },
        { type: 'breaker.closed', policy },
        { type: 'breaker.isolated', policy },
      ),
    ).toEqual([
      'warn primary: breaker opened for 3000 ms',
      'info primary: breaker lets a probe through',
      'info primary: breaker closed',
      'warn primary: breaker isolated',
    ])
  })

  it('tells why a breaker opened, and not in the words of a provider, which may quote the question', () => {
    const error = new WireFailure({
      class: 'transient',
      status: 500,
      message: 'p answered 500: a private matter',
    })

    expect(told({ type: 'breaker.opened', policy: 'p', openFor: 3_000, error })).toEqual([
      {
        level: 'warn',
        message: 'p: breaker opened for 3000 ms',
        fields: {
          event: 'breaker.opened',
          policy: 'p',
          open_for_ms: 3_000,
          reason: 'WIRE_TRANSIENT',
          status: 500,
        },
      },
    ])
  })

  it('tells of a key that is refused by its number', () => {
    expect(told({ type: 'key.refused', upstream: 'claude', key: 2, status: 401 })).toMatchObject([
      {
        level: 'error',
        message: 'claude: its provider refuses key 2 with 401',
        fields: { upstream: 'claude' },
      },
    ])
  })

  it('tells a mistake of the gateway with its error', () => {
    const error = new Error('x')

    expect(told({ type: 'route.failed', route: 'GET /v1/models', error })).toMatchObject([
      { level: 'error', message: "GET /v1/models: a mistake of the gateway's own", fields: { err: error } },
    ])
  })
})
