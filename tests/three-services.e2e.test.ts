import { grpcClient } from '@holdfast/transport/grpc'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Ai, type AiCalls } from '../examples/three-services/shop.ts'
import { holdfast } from './harness/running-holdfast.ts'
import { type ThreeServices, type Told, threeServices } from './harness/three-services.ts'

const text = 'Dear Ann Archer, your lamp is on the van. There are 12 more in stock.'
const whole: Told = { status: 200, body: { text, without: [] } }

/** Where each of the five breakers is, and of whom. */
const places = [
  'backend kernel/shop.Kernel/FindOrder',
  'backend ai/shop.Ai/Answer',
  'backend carrier',
  'backend metrics',
  'ai backend',
]

let shop: ThreeServices
beforeAll(async () => {
  shop = await threeServices()
}, 30_000)
afterAll(() => shop?.[Symbol.asyncDispose]())

/** Asks until the answer is as it should be. */
async function again(path: string, wanted: Told): Promise<void> {
  for (;;) {
    const told = await shop.ask(path)
    if (JSON.stringify(told) === JSON.stringify(wanted)) return
  }
}

interface Away {
  /** What the caller is told while it is frozen. */
  readonly frozen: () => Promise<unknown>
  /** The same while it is dead, or just back. */
  readonly dead: () => Promise<unknown>
  readonly back: () => Promise<unknown>
}

/** Freezes a process, then kills it, and sees that it comes back alone; what the caller saw meanwhile. */
async function away(name: string, { frozen, dead, back }: Away): Promise<{ frozen: unknown; dead: unknown }> {
  const before = await shop.pids()
  const pid = before[name]!
  process.kill(pid, 'SIGSTOP')
  const whileFrozen = await frozen().finally(() => process.kill(pid, 'SIGKILL'))
  const whileDead = await dead()
  await shop.running.line(new RegExp(`"${name} is ready`), 2)
  await back()
  const after = await shop.pids()
  expect(after[name]).not.toBe(pid)
  expect({ ...after, [name]: pid }).toEqual(before)
  return { frozen: whileFrozen, dead: whileDead }
}

describe('three services', () => {
  it('answer a request in one trace, under one correlation, within one deadline', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    await again('/orders/7', whole)
    const told = await shop.ask('/orders/7', {
      traceparent,
      'x-correlation-id': 'order-7',
      'x-request-timeout-ms': '2000',
    })

    expect(told).toEqual(whole)
    await shop.running.line(/asked for \/customers.*"order-7"|"order-7".*asked for \/customers/)
    const lines = shop.lines('order-7')
    expect(lines.map(({ service, msg }) => `${service} ${msg}`).toSorted()).toEqual([
      'ai asked for an answer',
      'backend asked for /customers/ann',
      'backend asked for /orders/7',
      'front asked for /orders/7',
      'handlers asked for stock of lamp',
      'kernel asked for order 7',
    ])
    expect(new Set(lines.map(({ trace_id }) => trace_id))).toEqual(
      new Set(['0af7651916cd43dd8448eb211c80319c']),
    )
    const left = (service: string, what: string): number =>
      lines.find((line) => line.service === service && line.msg.includes(what))?.left ?? Number.NaN
    const down = [
      left('front', '/orders'),
      left('backend', '/orders'),
      left('kernel', ''),
      left('handlers', ''),
    ]
    expect([2_000, ...down, 0]).toEqual([2_000, ...down, 0].toSorted((a, b) => b - a))
    expect(left('kernel', '')).toBeLessThanOrEqual(400)
    expect(left('backend', '/customers')).toBeLessThanOrEqual(left('ai', ''))
  })

  it('are one trace: each span but the sender’s is below another', async () => {
    const spans = () => shop.collector.spans().filter(({ traceId }) => traceId.startsWith('0af765'))
    const complete = () => {
      const known = new Set(['b7ad6b7169203331', ...spans().map(({ spanId }) => spanId)])
      const services = new Set(spans().map(({ service }) => service))
      return services.size === 5 && spans().every(({ parentSpanId = '' }) => known.has(parentSpanId))
    }
    while (!complete()) await shop.collector.more()

    const crossing = spans().filter(({ parentSpanId, service }) =>
      spans().some((parent) => parent.spanId === parentSpanId && parent.service !== service),
    )
    expect(crossing.map(({ service, name }) => `${service} ${name}`).toSorted()).toEqual([
      'ai shop.Ai/Answer',
      'backend GET',
      'backend GET',
      'handlers stock',
      'kernel shop.Kernel/FindOrder',
    ])
  })

  it('show the five breakers to whoever asks', async () => {
    expect(await shop.breakers()).toMatchObject(Object.fromEntries(places.map((place) => [place, 'closed'])))

    const { out } = await holdfast(['status', '-f', shop.file], shop.running.folder)
    for (const place of places) expect(out).toContain(`  ${place.split(' ')[1]} `)
  })

  it('begin nothing more for a request whose time is up', async () => {
    const { handlers } = await shop.pids()
    process.kill(handlers!, 'SIGSTOP')
    const late = await shop
      .ask('/orders/7', { 'x-correlation-id': 'late', 'x-request-timeout-ms': '200' })
      .finally(() => process.kill(handlers!, 'SIGCONT'))
    expect(late).toMatchObject({ status: 504, body: { error: { code: 'DEADLINE_PASSED' } } })

    const lines = shop.lines('late')
    expect(lines.filter(({ service }) => service === 'ai')).toEqual([])
    for (const { left = 0 } of lines) expect(left).toBeLessThanOrEqual(200)
    await again('/orders/7', whole)
  })

  it('refuse clearly what is asked wrongly, which no breaker counts', async () => {
    const wrong = await Promise.all([9, 9, 9, 9, 9].map((id) => shop.ask(`/orders/${id}`)))

    for (const told of wrong)
      expect(told).toMatchObject({ status: 404, body: { error: { code: 'WIRE_PERMANENT' } } })
    expect(await shop.ask('/orders/7')).toEqual(whole)
  })

  it('say so when the kernel is away: there is no answer without it', async () => {
    const ask = () => shop.ask('/orders/7')
    const { frozen, dead } = await away('kernel', {
      frozen: ask,
      dead: ask,
      back: () => again('/orders/7', whole),
    })

    expect(frozen).toMatchObject({ status: 504, body: { error: { code: 'TIMEOUT' } } })
    expect([200, 503, 504]).toContain((dead as Told).status)
  })

  it('answer in fewer words when the AI service is away, at once when its breaker is open', async () => {
    const plain: Told = { status: 200, body: { text: 'The lamp: on the van.', without: ['ai'] } }
    const { frozen, dead } = await away('ai', {
      async frozen() {
        const answers = await Promise.all([1, 2, 3].map(() => shop.ask('/orders/7')))
        const { [places[1]!]: is } = await shop.breakers()
        return [...answers, is]
      },
      dead: () => shop.ask('/orders/7'),
      back: () => again('/orders/7', whole),
    })

    expect(frozen).toEqual([plain, plain, plain, 'open'])
    expect([whole, plain]).toContainEqual(dead)
  })

  it('answer without what nobody outside says', async () => {
    const plain: Told = {
      status: 200,
      body: { text: text.replace('on the van', 'on its way'), without: ['carrier'] },
    }
    const ask = () => shop.ask('/orders/7')
    const { frozen, dead } = await away('carrier', {
      frozen: ask,
      dead: ask,
      back: () => again('/orders/7', whole),
    })

    expect(frozen).toEqual(plain)
    expect([whole, plain]).toContainEqual(dead)
  })

  it('remember what was counted while nobody can tell', async () => {
    const ask = () => shop.ask('/breakers')
    expect(await ask()).toMatchObject({ status: 200, body: { old: false } })
    const { frozen, dead } = await away('edge', {
      frozen: ask,
      dead: ask,
      async back() {
        while (!JSON.stringify(await ask()).includes('"old":false'))
          await shop.running.status().catch(() => {})
      },
    })

    expect(frozen).toMatchObject({ status: 200, body: { old: true } })
    expect(dead).toMatchObject({ status: 200 })
    expect(JSON.stringify(frozen)).toContain('"kernel/shop.Kernel/FindOrder"')
  })

  it('answer nobody in particular when the backend is away, and the front end says what is wrong', async () => {
    await using ai = grpcClient<AiCalls>(Ai, { address: shop.ai })
    const order = { id: 7, customer: 'ann', item: 'lamp', parcel: 'P-70' }
    const asked = async () => (await ai.rpc.answer({ order, tracking: 'on the van' })).text
    const both = () => Promise.all([asked(), shop.ask('/orders/7', { 'x-request-timeout-ms': '500' })])
    const { frozen, dead } = await away('backend', {
      frozen: both,
      dead: both,
      back: () => again('/orders/7', whole),
    })

    expect(frozen).toMatchObject([
      'Dear customer, your lamp is on the van.',
      { status: 504, body: { error: { code: 'DEADLINE_PASSED' } } },
    ])
    expect(dead).toMatchObject([
      expect.stringMatching(/^Dear /),
      { status: expect.toBeOneOf([200, 503, 504]) },
    ])
    await again('/orders/7', whole)
    while ((await asked()) !== 'Dear Ann Archer, your lamp is on the van.') await shop.breakers()
  })
})
