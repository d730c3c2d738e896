import {
  breaker,
  bulkhead,
  type Call,
  events,
  fallback,
  forget,
  hedge,
  outgoing,
  policy,
  resilient,
  retry,
  timeout,
  wrap,
} from '@holdfast/policy'
import { fakeClock } from '@holdfast/policy/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Tracing, tracing } from '../tracing/index.ts'
import { traceHeaders } from './trace-headers.ts'
import { tracePolicies } from './trace-policies.ts'
import { traced } from './traced.ts'

const secret = 'https://me:hunter2@example.com/?token=abc'
const error = Object.assign(new Error(secret), { code: 'ECONNRESET' })
const fail = () => {
  throw error
}

let own: Tracing
beforeEach(() => {
  own = tracing({ service: 'tests' })
})
afterEach(async () => {
  forget('jira')
  await own.shutdown()
})

/** What policies did on the span of a call. */
const done = async (call: () => Promise<unknown>) => {
  await traced('call', call)().catch(() => {})
  expect(JSON.stringify(own.traces())).not.toMatch(/hunter2|token/)
  return own.traces()[0]?.spans[0]?.events.map(({ name, attributes }) => [name, attributes] as const)
}
const attempt = (n: number) => ['attempt', { 'holdfast.attempt': n }]

describe('tracePolicies', () => {
  it('notes attempts, waits and why a retry gave up', async () => {
    const clock = fakeClock()
    const ask = wrap(retry({ attempts: 2, backoff: { initial: 5 }, random: () => 0.5, clock }))
    const noted = done(() => ask(fail))
    await clock.advance(100)

    expect(await noted).toEqual([
      attempt(1),
      ['retry.waited', expect.objectContaining({ 'holdfast.attempt': 1, 'error.type': 'ECONNRESET' })],
      attempt(2),
      ['retry.gave-up', expect.objectContaining({ 'holdfast.attempts': 2, 'holdfast.reason': 'attempts' })],
    ])
  })

  it('notes breakers, bulkheads and fallbacks', async () => {
    const gate = breaker({ failures: 1, openFor: 1_000 })
    const ask = wrap(fallback({ links: [{ name: 'second', do: () => 2 }] }), gate)

    expect(await done(() => ask(fail))).toMatchObject([
      attempt(1),
      ['breaker.opened', { 'holdfast.open_for_ms': 1_000, 'error.type': 'ECONNRESET' }],
      ['fallback.taken', { 'holdfast.to': 'second', 'error.type': 'ECONNRESET' }],
      ['attempt', {}],
      ['fallback.answered', { 'holdfast.link': 'second' }],
    ])
    expect(await done(() => wrap(gate)(fail))).toMatchObject([
      ['breaker.rejected', { 'holdfast.policy': 'breaker' }],
    ])
    const room = wrap(bulkhead({ limit: 1 }))
    const { promise, resolve } = Promise.withResolvers<void>()
    const first = room(() => promise)
    expect(await done(() => room(() => 1, { key: secret }))).toMatchObject([
      ['bulkhead.rejected', { 'holdfast.limit': 1, 'holdfast.in_flight': 1 }],
    ])
    resolve()
    await first
  })

  it('notes timeouts and hedges', async () => {
    const clock = fakeClock()
    const late = done(() => wrap(timeout(50, { clock }))(() => new Promise(() => {})))
    await clock.advance(50)
    expect(await late).toMatchObject([attempt(1), ['timeout.passed', { 'holdfast.after_ms': 50 }]])

    const race = wrap(hedge({ delay: 10, clock }))
    const won = done(() => race((call) => (call.attempt === 1 ? new Promise(() => {}) : 2)))
    await clock.advance(10)
    expect((await won)?.map(([name]) => name)).toEqual([
      'attempt', // of the call, and then of both in the race
      'attempt',
      'attempt',
      'hedge.started',
      'hedge.won',
    ])
  })

  it('sends the identity of the span along with every attempt', async () => {
    const seen: unknown[] = []
    await traced('call', () => wrap()((call) => seen.push({ ...call.headers })))()
    const [{ traceId, spans } = { traceId: '', spans: [] }] = own.traces()

    expect(seen).toEqual([{ traceparent: `00-${traceId}-${spans[0]?.spanId}-01` }])
    expect(await wrap()((call) => call.headers)).toEqual({})
  })

  it('makes a span of each call through a named policy, with what its policies did', async () => {
    const clock = fakeClock()
    const ask = policy('jira', retry({ attempts: 2, backoff: { initial: 5 }, random: () => 0.5, clock }))
    let tries = 0
    const inner = traced('inner', ({ headers }: Call) => ({ ...headers }))
    const asked = traced('outer', () => ask((call) => (++tries === 1 ? fail() : inner(call))))()
    await clock.advance(100)
    const { traceparent } = await asked
    const [{ traceId, spans } = { traceId: '', spans: [] }] = own.traces()
    const [deepest, jira, outer] = spans

    expect(spans.map(({ name }) => name)).toEqual(['inner', 'jira', 'outer'])
    expect([deepest?.parentId, jira?.parentId]).toEqual([jira?.spanId, outer?.spanId])
    expect(jira).toMatchObject({
      kind: 'internal',
      status: 'ok',
      attributes: { 'holdfast.policy': 'jira' },
      events: [{ name: 'attempt' }, { name: 'retry.waited' }, { name: 'attempt' }],
    })
    expect(outer?.events).toEqual([])
    expect(traceparent).toBe(`00-${traceId}-${deepest?.spanId}-01`)
  })

  it('sends the identity of that span with every attempt', async () => {
    const ask = policy('jira', hedge({ delay: 0 }))
    const sent = new Set<string | undefined>()
    await ask(async ({ headers, attempt }) => {
      sent.add(headers['traceparent'])
      if (attempt === 1) await new Promise(() => {})
    })
    const [{ traceId, spans } = { traceId: '', spans: [] }] = own.traces()

    expect([...sent]).toEqual([`00-${traceId}-${spans[0]?.spanId}-01`])
  })

  it('marks that span when the call fails, by rejection, by outcome, or turned away', async () => {
    const gate = breaker({ failures: 3, openFor: 60_000 })
    const ask = policy('jira', gate)
    await ask(fail).catch(() => {})
    await ask.attempt(() => Promise.reject(error))
    await resilient(fail, ask)().catch(() => {})
    await ask.attempt(() => 1)
    gate.reset()
    await ask.attempt(() => ({ ok: false, error }))
    await ask(() => ({ ok: false, error }))
    const traces = own.traces().map(({ status, spans }) => [status, spans[0]?.attributes['error.type']])

    expect(traces).toEqual([
      ['ok', undefined],
      ['ok', undefined],
      ['failed', 'BREAKER_OPEN'],
      ['failed', 'ECONNRESET'],
      ['failed', 'ECONNRESET'],
      ['failed', 'ECONNRESET'],
    ])
    expect(own.traces()[2]?.spans[0]?.events.map(({ name }) => name)).toEqual(['breaker.rejected'])
    expect(JSON.stringify(own.traces())).not.toMatch(/hunter2|token/)
  })

  it('makes none for what is not sampled, and sends one identity all the same', async () => {
    await own.shutdown()
    own = tracing({ service: 'tests', sample: 0 })
    const ask = policy('jira', timeout(1_000))
    const seen = await traced('outer', async () => [
      traceHeaders()?.traceparent,
      await ask(({ headers }) => headers['traceparent']),
      await ask(() => ask(({ headers }) => headers['traceparent'])),
    ])()
    const alone = await ask(({ headers }) => [headers['traceparent'], traceHeaders()?.traceparent])

    expect(new Set(seen).size).toBe(1)
    expect(seen[0]).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)
    expect(alone[0]).toBe(alone[1])
    expect(alone[0]).not.toBe(seen[0])
    expect(own.traces()).toEqual([])
  })

  it('keeps a thousand calls at once apart', async () => {
    const ask = policy('jira', timeout(1_000))
    const seen = await Promise.all(
      Array.from({ length: 1_000 }, () =>
        ask(async ({ headers }) => {
          await new Promise(setImmediate)
          return [headers['traceparent'], traceHeaders()?.traceparent]
        }),
      ),
    )

    expect(seen.every(([sent, active]) => sent === active)).toBe(true)
    expect(new Set(seen.map(([sent]) => sent)).size).toBe(1_000)
    expect(own.statistics()).toMatchObject({ complete: 1_000, open: 0, spans: 1_000 })
  })

  it('writes nothing once it is stopped', async () => {
    await own.shutdown()
    expect(events.heard).toBe(false)
    own = tracing({ service: 'tests', policies: false })
    const stop = tracePolicies()
    expect(events.heard).toBe(true)
    stop()
    stop()

    expect(await done(() => wrap()((call) => expect(call.headers).toEqual({})))).toEqual([])
    expect(events.heard).toBe(false)
    outgoing(() => {})()
  })
})
