import { AsyncLocalStorage, executionAsyncId } from 'node:async_hooks'
import { describe, expect, it } from 'vitest'
import { runIn } from './run-in.ts'

const [mine, other] = [new AsyncLocalStorage<string>(), new AsyncLocalStorage<string>()]
const stores = () => [mine.getStore(), other.getStore()]

describe('runIn', () => {
  it('runs a function, and all that it sets off, with the store', async () => {
    const seen = await runIn(mine, 'a', async () => {
      const before = stores()
      await new Promise(setImmediate)
      const { promise, resolve } = Promise.withResolvers<unknown>()
      setTimeout(() => resolve(stores()))
      return [before, stores(), await promise]
    })

    expect(seen).toEqual([
      ['a', undefined],
      ['a', undefined],
      ['a', undefined],
    ])
  })

  it('leaves everything as it was, whether the function returns, throws or is still waiting', () => {
    const id = executionAsyncId()
    other.run('around', () => {
      void runIn(mine, 'a', () => new Promise(() => {}))
      expect(() =>
        runIn(mine, 'a', () => {
          throw new Error('no')
        }),
      ).toThrow('no')
      expect(stores()).toEqual([undefined, 'around'])
      runIn(mine, 'a', () => {
        expect(runIn(mine, 'b', stores)).toEqual(['b', 'around'])
        expect(stores()).toEqual(['a', 'around'])
      })
    })

    expect(stores()).toEqual([undefined, undefined])
    expect(executionAsyncId()).toBe(id)
  })

  it('keeps what is entered beside it apart', async () => {
    const all = await Promise.all(
      Array.from({ length: 1_000 }, (_, n) =>
        runIn(mine, `${n}`, async () => {
          await new Promise(setImmediate)
          return runIn(other, `${n % 7}`, async () => {
            await new Promise(setImmediate)
            return stores().join()
          })
        }),
      ),
    )

    expect(all).toEqual(Array.from({ length: 1_000 }, (_, n) => `${n},${n % 7}`))
  })
})
