import type { Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ChainOptions } from './chains/chain-options.ts'
import {
  ask,
  askStream,
  type FakeProvider,
  fakeAnswer,
  fakeProvider,
  type GatewayServer,
  gatewayServer,
  quickPolicy,
  rawAnswer,
  rawChunk,
  rawProvider,
} from './testing/index.ts'
import type { UpstreamOptions } from './upstream.ts'

let late: FakeProvider
let next: FakeProvider
let last: FakeProvider
let door: GatewayServer

beforeEach(async () => {
  ;[late, next, last] = await Promise.all([fakeProvider('late'), fakeProvider('next'), fakeProvider('last')])
})

afterEach(async () => {
  await door[Symbol.asyncDispose]()
  await Promise.all([late.close(), next.close(), last.close()])
})

const hedge = { after: 20, share: 1 }
const never: UpstreamOptions['policy'] = {
  ...quickPolicy,
  timeout: { firstToken: 600_000, headers: 600_000, idle: 600_000, total: 600_000 },
}

async function open(more: Partial<ChainOptions> = {}, policy = never): Promise<void> {
  const at = ({ url }: FakeProvider): UpstreamOptions => ({ dialect: 'openai', url, policy })
  door = await gatewayServer({
    upstreams: { late: at(late), next: at(next), last: at(last) },
    chains: { default: { links: ['late', 'next', 'rules'], hedge, ...more } },
    rules: [{ match: /./, answer: 'By the rules.' }],
  })
}

const counts = () => {
  const { families } = door.gateway
  return ['sent', 'won'].map(
    (which) => families().find(({ name }) => name === `holdfast_gateway_hedges_${which}_total`)?.samples[0],
  )
}
const sentAndWon = () => counts().map((sample) => sample && 'value' in sample && sample.value)

describe('a chain that hedges', () => {
  it.each([true, false])(
    'gives the answer of the next link where the first is late (stream: %s)',
    async (stream) => {
      await open()
      late.always({ does: 'stall' })
      const response = await ask(door.url, { stream })
      const text = await response.text()
      await late.received[0]!.left

      expect(text).toContain(stream ? '"again."' : fakeAnswer)
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'x-holdfast-link': 'next',
        'x-holdfast-hedged': 'next',
        'x-holdfast-attempts': '2',
      })
      expect(response.headers.has('x-holdfast-failed')).toBe(false)
      expect(sentAndWon()).toEqual([1, 1])
      expect(door.events).toMatchObject([{ type: 'chain.answered', link: 'next', failures: [] }])
      expect(door.gateway.status().chains[0]!.links[0]!.breaker).toMatchObject({
        is: 'closed',
        counts: { failures: 0, ignored: 1 },
      })
    },
  )

  it('asks nobody else where the first is in time', async () => {
    await open({ hedge: { after: 60_000 } })
    const { text, response } = await askStream(door.url)

    expect([text, response.headers.has('x-holdfast-hedged')]).toEqual([fakeAnswer, false])
    expect([next.received.length, sentAndWon()]).toEqual([0, [0, 0]])
  })

  it('gives the answer of the late one where that is first all the same, and lets go of the other', async () => {
    const asked = Promise.withResolvers<Socket>()
    await using slow = await rawProvider((socket) => asked.resolve(socket))
    next.always({ does: 'stall' })
    door = await gatewayServer({
      upstreams: {
        late: { dialect: 'openai', url: slow.url, policy: never },
        next: { dialect: 'openai', url: next.url, policy: never },
      },
      chains: { default: { links: ['late', 'next'], hedge } },
    })
    const answered = askStream(door.url)
    await next.seen(1)
    const socket = await asked.promise
    const events = rawChunk({ content: 'late' }) + rawChunk({}, 'stop')
    socket.end(rawAnswer(['content-type: text/event-stream', 'connection: close'], events))
    const { text, done, response } = await answered
    await next.received[0]!.left

    expect([text, done, response.headers.get('x-holdfast-link')]).toEqual(['late', true, 'late'])
    expect(response.headers.get('x-holdfast-hedged')).toBe('next')
    expect(sentAndWon()).toEqual([1, 0])
  })

  it.each([true, false])(
    'goes on with the hedge alone where the first fails meanwhile (stream: %s)',
    async (stream) => {
      const first = Promise.withResolvers<Socket>()
      const second = Promise.withResolvers<Socket>()
      await using slow = await rawProvider((socket) => first.resolve(socket))
      await using slower = await rawProvider((socket) => second.resolve(socket))
      const at = (url: string): UpstreamOptions => ({
        dialect: 'openai',
        url,
        policy: { ...never, retry: { attempts: 1 } },
      })
      door = await gatewayServer({
        upstreams: { late: at(slow.url), next: at(slower.url) },
        chains: { default: { links: ['late', 'next'], hedge } },
      })
      const answered = ask(door.url, { stream })
      const hedged = await second.promise
      ;(await first.promise).resetAndDestroy()
      await expect.poll(() => door.gateway.status().chains[0]!.links[0]!.failures).toEqual({ broken: 1 })
      const head = [`content-type: ${stream ? 'text/event-stream' : 'application/json'}`, 'connection: close']
      const choices = [{ index: 0, message: { role: 'assistant', content: 'next' }, finish_reason: 'stop' }]
      const events = rawChunk({ content: 'next' }) + rawChunk({}, 'stop')
      hedged.end(rawAnswer(head, stream ? events : JSON.stringify({ choices })))
      const response = await answered

      expect(await response.text()).toContain('"content":"next"')
      expect(response.headers.get('x-holdfast-failed')).toBe('late=broken')
      expect(response.headers.get('x-holdfast-link')).toBe('next')
    },
  )

  it('goes on with the first alone where the hedge fails, and asks the others when that has failed', async () => {
    await open({ links: ['late', 'next', 'last'] }, quickPolicy)
    late.always({ does: 'stall' })
    next.always({ does: 'refuse', status: 500 })
    const { text, response } = await askStream(door.url)

    expect(text).toBe(fakeAnswer)
    expect(response.headers.get('x-holdfast-failed')).toBe('next=transient,late=timeout')
    expect(response.headers.get('x-holdfast-link')).toBe('last')
    expect([late.received.length, next.received.length, last.received.length]).toEqual([1, 2, 1])
  })

  it('goes on with another link where the one that won dies in the middle of its answer', async () => {
    await open({ links: ['late', 'next', 'last', 'rules'] })
    late.always({ does: 'stall' })
    next.always({ does: 'cut', after: 5 })
    const { text, done, raw } = await askStream(door.url)

    expect([text, done]).toEqual([fakeAnswer, true])
    expect(raw).toContain('x-holdfast-link=last')
    expect(late.received.length).toBe(1)
  })

  it('asks the one that lost once more where nobody else is left', async () => {
    await open({ links: ['late', 'next'] })
    late.next({ does: 'stall' })
    next.always({ does: 'cut', after: 5 })
    const buffered = { 'x-holdfast-stream': 'buffered' }
    const response = await ask(door.url, { stream: true }, { headers: buffered })

    expect(await response.text()).toMatch(/"again\."[\s\S]*\[DONE\]/)
    expect(response.headers.get('x-holdfast-link')).toBe('late')
    expect([late.received.length, next.received.length]).toEqual([2, 2])
    expect(sentAndWon()).toEqual([1, 1])
  })

  it('never hedges to the rules, nor to a link whose breaker is open', async () => {
    await open({}, { ...never, breaker: { failures: 1, openFor: 60_000 }, retry: { attempts: 1 } })
    late.next({ does: 'refuse', status: 500 })
    next.always({ does: 'refuse', status: 500 })
    expect((await askStream(door.url)).text).toBe('By the rules.')
    await door[Symbol.asyncDispose]()
    await open({ links: ['late', 'rules'] }, quickPolicy)
    late.always({ does: 'stall' })
    const { text, response } = await askStream(door.url)

    expect([text, response.headers.get('x-holdfast-failed')]).toEqual(['By the rules.', 'late=timeout'])
    expect(sentAndWon()).toEqual([0, 0])
  })

  it('hedges no more than its share', async () => {
    await open({ hedge: { after: 5, share: 0 } }, { ...quickPolicy, timeout: { firstToken: 60 } })
    late.always({ does: 'stall' })
    const links = []
    for (let nth = 0; nth < 7; nth++) {
      const { response } = await askStream(door.url)
      links.push(response.headers.get('x-holdfast-failed') ?? 'hedged')
    }

    expect(links).toEqual([...Array(5).fill('hedged'), 'late=timeout', 'late=timeout'])
  })

  it("gives the caller a provider's reason at once, whoever gives it", async () => {
    await open()
    late.always({ does: 'stall' })
    next.always({
      does: 'refuse',
      status: 400,
      error: { error: { message: 'not that', code: 'content_filter' } },
    })
    const response = await ask(door.url)
    await late.received[0]!.left

    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('not that')])
  })

  it('lets go of both when the client goes away', async () => {
    await open()
    late.always({ does: 'stall' })
    next.always({ does: 'stall' })
    const client = new AbortController()
    const gone = ask(door.url, { stream: true }, { signal: client.signal }).catch(() => 'gone')
    await next.seen(1)
    client.abort()
    await Promise.all([gone, late.received[0]!.left, next.received[0]!.left])

    expect(door.events).toMatchObject([{ type: 'chain.cancelled', failures: [] }])
  })

  it('opens the breaker of a provider that never answers, though each call to it is cut off early', async () => {
    await open(
      { links: ['late', 'next'] },
      {
        ...quickPolicy,
        breaker: { failures: 1, openFor: 60_000 },
        timeout: { firstToken: 100, headers: 100 },
      },
    )
    late.always({ does: 'stall' })
    let asked = 0
    while (!door.events.some(({ type }) => type === 'breaker.opened') && asked++ < 5)
      await askStream(door.url)
    const { text, response } = await askStream(door.url)

    expect(asked).toBeGreaterThan(1)
    expect([text, response.headers.get('x-holdfast-failed')]).toEqual([fakeAnswer, 'late=open'])
  })
})
