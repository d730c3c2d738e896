import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it } from 'vitest'
import { type LegHook, type LegStart, leg, legs } from './leg.ts'

const start: LegStart = { kind: 'client', name: 'GET', attributes: { 'server.address': 'a' } }

/** Tells what it goes along with. */
const teller = (name: string, told: unknown[]): LegHook => {
  return ({ kind, name: of }) => {
    told.push(`${name}: ${kind} ${of}`)
    return {
      around(part) {
        told.push(`${name} in`)
        part()
        told.push(`${name} out`)
      },
      ended: (end) => void told.push([name, end]),
    }
  }
}

describe('leg', () => {
  it('is none, and is not described, while nobody goes along', () => {
    let described = 0
    const describing = () => {
      described++
      return start
    }
    const stop = legs(() => undefined)
    expect([leg(describing), described]).toEqual([undefined, 1])
    stop()

    expect([leg(describing), described]).toEqual([undefined, 1])
  })

  it('runs its parts in what goes along, outermost first, and tells how it ended, once', () => {
    const told: unknown[] = []
    const stops = [legs(teller('a', told)), legs(teller('b', told))]
    const own = leg(() => start)
    const answer = own?.run(() => told.push('part'))
    own?.end({ is: 'done', attributes: { n: 1 } })
    own?.end({ is: 'failed', error: 1 })
    for (const stop of stops) stop()

    expect(answer).toBe(5)
    expect(told.slice(0, 7)).toEqual([
      'a: client GET',
      'b: client GET',
      'a in',
      'b in',
      'part',
      'b out',
      'a out',
    ])
    expect(told.slice(7)).toEqual([
      ['a', { is: 'done', attributes: { n: 1 } }],
      ['b', { is: 'done', attributes: { n: 1 } }],
    ])
    expect(leg(() => start)).toBeUndefined()
  })

  it('hands on what a part throws, and what it waits for, in the place where it ran', async () => {
    const storage = new AsyncLocalStorage<string>()
    const stop = legs(() => ({ around: (part) => storage.run('inside', part), ended: () => {} }))
    const own = leg(() => start)
    stop()
    const fail = () => {
      throw new Error('down')
    }

    expect(() => own?.run(fail)).toThrow('down')
    expect(
      await own?.run(async () => {
        await new Promise(setImmediate)
        return storage.getStore()
      }),
    ).toBe('inside')
  })

  it('is not broken by what goes along, nor done twice', () => {
    const bug = () => {
      throw new Error('bug')
    }
    const stops = [
      legs(bug),
      legs(() => ({ around: () => {}, ended: bug })),
      legs(() => ({
        around(part) {
          part()
          part()
          bug()
        },
        ended: () => Promise.reject(new Error('bug')) as never,
      })),
    ]
    let done = 0
    const own = leg(() => start)
    const answer = own?.run(() => ++done)
    own?.end({ is: 'done' })
    for (const stop of stops) stop()

    expect([answer, done]).toEqual([1, 1])
  })
})
