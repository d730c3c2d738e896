import { type Call, wrap } from '@holdfast/policy'
import { fakeClock } from '@holdfast/policy/testing'
import { describe, expect, it } from 'vitest'
import { Exchange } from './exchange.ts'

type Told = Record<string, (...given: unknown[]) => unknown>

describe('Exchange', () => {
  it.each([
    ['up to undici 7', 'onComplete', 'onError'],
    ['since undici 8', 'onResponseEnd', 'onResponseError'],
  ])('is over once its request has ended, by handlers as they were %s', async (_, end, error) => {
    const seen: unknown[] = []
    const handler: Told = {
      [end]: (...given) => seen.push([end, ...given]),
      [error]: (...given) => seen.push([error, ...given]),
    }
    const underWay = new Set<Exchange>()
    const exchange = await wrap()((call) => dispatched(call, { handler, underWay }))
    exchange.answered()
    expect(underWay.size).toBe(1)

    handler[end]!('first', 'second')
    expect(underWay.size).toBe(0)
    handler[error]!('third', 'fourth')

    expect(seen).toEqual([
      [end, 'first', 'second'],
      [error, 'third', 'fourth'],
    ])
  })
})

function dispatched(
  call: Call,
  { handler, underWay }: { readonly handler: Told; readonly underWay: Set<Exchange> },
): Exchange {
  const exchange = new Exchange(call, {
    what: 'GET http://a.example/',
    method: 'GET',
    origin: 'http://a.example',
    private: new Set(),
    callers: [],
    deadline: Infinity,
    clock: fakeClock(),
    underWay,
    connections: { dispatch: () => true },
  })
  exchange.dispatch({ origin: 'http://a.example', method: 'GET' }, handler)
  return exchange
}
