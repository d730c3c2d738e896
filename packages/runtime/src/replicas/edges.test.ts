import { fakeClock } from '@holdfast/policy/testing'
import { describe, expect, it } from 'vitest'
import { component } from '../component.ts'
import { sampleChain, sampleLink, sampleService } from '../testing/index.ts'
import { edges } from './edges.ts'

/** A peer that answers with what it is asked for, or not at all. */
function peer(answers = true) {
  const gone = new AbortController()
  const asked: unknown[] = []
  const call = async (...of: readonly unknown[]): Promise<unknown> => {
    asked.push(of)
    if (!answers) throw new Error('TIMEOUT')
    return status(100)
  }
  return { signal: gone.signal, call, asked, leave: () => gone.abort() }
}
const status = (inFlight: number) => ({ gateway: { inFlight, chains: [] }, outside: [] })
const single = (pid: number | undefined) => sampleService('edge', { pid })
const crew = (...each: readonly (readonly [number, number])[]) =>
  sampleService('edge', {
    replicas: {
      wanted: 2,
      ready: 2,
      each: each.map(([replica, pid]) => ({ ...sampleService('edge'), replica, pid })),
    },
  })

describe('edges', () => {
  it('know of a process what it said last, while it lives and is connected (I1)', () => {
    const book = edges(fakeClock())
    const one = peer()
    expect(book.latest(single(7))).toEqual([])

    book.report({ pid: 7, connections: 3, status: status(1) }, one)
    book.report({ pid: 7, connections: 3, status: status(2) }, one)
    expect(book.latest(single(7))).toEqual([status(2)])
    expect(book.latest(single(8))).toEqual([])
    expect(book.latest(single(undefined))).toEqual([])

    one.leave()
    expect(book.latest(single(7))).toEqual([])
  })

  it('believe it for 5 s (I1)', async () => {
    const clock = fakeClock()
    const book = edges(clock)
    book.report({ pid: 7, connections: 3, status: status(1) }, peer())

    await clock.advance(5_000)
    expect(book.replicas(single(7))).toMatchObject([{ replica: 1, pid: 7, age: 5_000, connections: 3 }])
    await clock.advance(1)
    expect(book.latest(single(7))).toEqual([])
  })

  it('count of two with one number the one that came later (I2), and tell them by number', () => {
    const book = edges(fakeClock())
    book.report({ pid: 8, connections: 3, status: status(2) }, peer())
    const leaving = peer()
    book.report({ pid: 7, connections: 3, status: status(1) }, leaving)
    book.report({ pid: 9, connections: 3, status: status(3) }, peer())
    book.report({ pid: 7, connections: 3, status: status(4) }, leaving)

    expect(book.latest(crew([1, 7], [1, 9], [2, 8]))).toEqual([status(3), status(2)])
  })

  it('tell in short how each is, and what ails in it', () => {
    const book = edges(fakeClock())
    const { counts } = sampleChain('a')
    const orders = component('database', 'orders', { level: 'unhealthy', reason: 'no connection' })
    const chains = [
      sampleChain('a', { counts: { ...counts, requests: 3 } }),
      sampleChain('b', { counts: { ...counts, requests: 4 }, links: [sampleLink('down', 'open')] }),
    ]
    book.report(
      { pid: 7, connections: 3, status: { gateway: { inFlight: 2, chains }, outside: [orders] } },
      peer(),
    )

    expect(book.replicas(single(7))).toMatchObject([
      {
        ...{ replica: 1, pid: 7, age: 0, inFlight: 2, connections: 3, requests: 7 },
        ailing: [orders, { kind: 'upstream', name: 'down' }, { kind: 'chain', name: 'b' }],
      },
    ])
  })

  it('ask them now, and make do with what was said last by one that does not answer', async () => {
    const book = edges(fakeClock())
    book.report({ pid: 7, connections: 3, status: status(1) }, peer())
    book.report({ pid: 8, connections: 3, status: status(2) }, peer(false))

    expect(await book.now(crew([1, 7], [2, 8]))).toEqual([status(100), status(2)])
  })

  it('ask one of them for another, and refuse what is none', async () => {
    const book = edges(fakeClock())
    const [one, other] = [peer(), peer()]
    book.report({ pid: 7, connections: 3, status: status(1) }, one)
    book.report({ pid: 8, connections: 3, status: status(2) }, other)

    await book.ask({ pid: 8, call: 'families', with: { for: 1 } }, one)

    expect(one.asked).toEqual([])
    expect(other.asked).toEqual([['families', { for: 1 }, { timeout: 1_000 }]])
    expect(() => book.ask({ pid: 9, call: 'families' }, one)).toThrow('no process of the edge has the pid 9')
    expect(() => book.ask(null, one)).toThrow('no process of the edge has the pid undefined')
  })
})
