import { describe, expect, it } from 'vitest'
import { chatRequest } from '../chat-request.ts'
import type { RequestEnded } from '../gateway-event.ts'
import { type Asked, type AskedFor, ChainCache } from './chain-cache.ts'
import { Shelves } from './shelves.ts'
import { client } from './testing/client.ts'

const request = () => {
  const read = chatRequest('{"model":"c","messages":[{"role":"user","content":"hi"}]}', {})
  if (typeof read === 'string') throw new Error(read)
  return read
}
const chainCache = (wall = () => 0) => {
  const shelves = new Shelves({ memory: 1e6, disk: undefined, wall, complain: () => {} })
  const terms = { chain: 'c', links: ['a'] }
  return new ChainCache({ terms, options: { for: 1_000, stale: 1_000 }, shelves })
}
const answered: RequestEnded = {
  type: 'chain.answered',
  chain: 'c',
  link: 'a',
  attempts: 1,
  failures: [],
  ms: 1,
}
const nobodyLeaves = new AbortController().signal

/** An ask that waits to be told how it ends. */
const asking = () => {
  const told = Promise.withResolvers<Asked>()
  const asked: AskedFor[] = []
  const ask = (to: AskedFor): Promise<Asked> => {
    asked.push(to)
    return told.promise
  }
  return { ask, asked, ...told }
}

describe('ChainCache', () => {
  it('hands a mistake in asking to all who wait, who are answered by those who called', async () => {
    const cache = chainCache()
    const { ask, reject } = asking()
    const clients = [client(), client()]
    const served = clients.map(({ reply }) =>
      cache.answer({ request: request(), reply, signal: nobodyLeaves }, ask),
    )
    reject(new Error('a mistake'))

    const ends = await Promise.allSettled(served)
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    for (const { said, reply } of clients)
      expect([said, reply.begun, reply.ended]).toEqual([[], false, false])
    const next = asking()
    void cache.answer({ request: request(), reply: client().reply, signal: nobodyLeaves }, next.ask)
    expect(next.asked).toHaveLength(1)
  })

  it('breaks off for all who wait where a mistake comes in the middle', async () => {
    const cache = chainCache()
    const { ask, asked, reject } = asking()
    const clients = [client(), client()]
    const served = clients.map(({ reply }) =>
      cache.answer({ request: request(), reply, signal: nobodyLeaves }, ask),
    )
    asked[0]!.reply.begin(200, {})
    asked[0]!.reply.write(Buffer.from('half'))
    reject(new Error('a mistake'))

    await Promise.allSettled(served)
    for (const { said, state } of clients) {
      expect(said.slice(0, 2)).toEqual(['200', 'half'])
      expect(state.destroyed).toBe(true)
    }
  })

  it('has an answer at hand before its flight can no longer be joined (I2)', async () => {
    const cache = chainCache()
    const { ask, asked, resolve } = asking()
    const first = cache.answer({ request: request(), reply: client().reply, signal: nobodyLeaves }, ask)
    asked[0]!.reply.send(200, { 'content-type': 'application/json' }, Buffer.from('{}'))
    const between = cache.answer({ request: request(), reply: client().reply, signal: nobodyLeaves }, ask)
    resolve({ ended: answered, cut: false })
    await first
    const after = cache.answer({ request: request(), reply: client().reply, signal: nobodyLeaves }, ask)

    expect([(await between).is, (await after).is]).toEqual(['joined', 'hit'])
    expect(asked).toHaveLength(1)
    expect(cache.counts).toEqual({ hits: 1, joined: 1, stale: 0, misses: 1 })
  })

  it('gives an old answer under a head that is out already, since somebody was silent too long', async () => {
    let now = 0
    const cache = chainCache(() => now)
    const [first, second] = [asking(), asking()]
    const served = cache.answer(
      { request: request(), reply: client().reply, signal: nobodyLeaves },
      first.ask,
    )
    first.asked[0]!.reply.send(200, { 'content-type': 'text/event-stream' }, Buffer.from('data: old'))
    first.resolve({ ended: answered, cut: false })
    await served
    now = 1_500
    const { reply, said } = client()
    void cache.answer({ request: request(), reply, signal: nobodyLeaves }, second.ask)
    const { reply: all, stale } = second.asked[0]!
    all.begin(200, {})
    all.write(Buffer.from(': keep-alive'))
    stale!(all, {})

    expect(said).toEqual(['200', ': keep-alive', 'data: old.'])
  })

  it('asks for a client that had left before, which ends it, and for the next anew', async () => {
    const cache = chainCache()
    const { ask, asked } = asking()
    void cache.answer({ request: request(), reply: client().reply, signal: AbortSignal.abort() }, ask)
    void cache.answer({ request: request(), reply: client().reply, signal: nobodyLeaves }, ask)

    expect(asked.map(({ signal }) => signal.aborted)).toEqual([true, false])
  })
})
