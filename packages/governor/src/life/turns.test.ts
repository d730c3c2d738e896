import { describe, expect, it } from 'vitest'
import { service } from '../service.ts'
import type { Life, ServiceState } from './life.ts'
import { unborn } from './lifecycle.ts'
import { type Departure, turns } from './turns.ts'

type Is = ServiceState['is']
/** Three in a row: c needs b, b needs a. */
const row = (a: Is, b: Is, c: Is): Map<string, Life> =>
  new Map(
    Object.entries({ a, b, c }).map(([name, is], i, all) => {
      const needs = all.slice(Math.max(0, i - 1), i).map(([need]) => need)
      const state = { is, since: 0, next: 'stopped', until: 0, why: '' } as ServiceState
      return [name, { ...unborn(service({ name, command: ['x'], needs }), 0), state }]
    }),
  )
const told = (lives: Map<string, Life>, leaving: Parameters<typeof turns>[1] = new Map()) => {
  const { tell, left } = turns(lives, leaving)
  return { tell: tell.map(({ id, event }) => `${event.is} ${id}`), left }
}
const stop = (is: Departure['is']): Departure => ({ is, event: { is: 'stop' } })
const all = (is: Departure['is'] = 'asked') =>
  new Map(['a', 'b', 'c'].map((name) => [name, stop(is)] as const))

describe('turns', () => {
  it('clears one that waits when all that it needs is ready', () => {
    expect(told(row('waiting', 'waiting', 'waiting'))).toEqual({ tell: ['cleared a'], left: [] })
    expect(told(row('ready', 'waiting', 'waiting'))).toEqual({ tell: ['cleared b'], left: [] })
    expect(told(row('starting', 'waiting', 'stopped'))).toEqual({ tell: [], left: [] })
  })

  it('stops one that leaves when no other that leaves needs it', () => {
    expect(told(row('ready', 'ready', 'ready'), all())).toEqual({ tell: ['stop c'], left: [] })
    expect(told(row('ready', 'ready', 'stopped'), all())).toEqual({ tell: ['stop b'], left: ['c'] })
    expect(told(row('ready', 'ready', 'ready'), new Map([['a', stop('asked')]]))).toEqual({
      tell: ['stop a'],
      left: [],
    })
  })

  it('stops at once what does not run, and starts nothing that leaves', () => {
    expect(told(row('backing-off', 'waiting', 'ready'), all()).tell).toEqual(['stop a', 'stop b', 'stop c'])
    expect(told(row('ready', 'waiting', 'ready'), all()).tell).toEqual(['stop b', 'stop c'])
  })

  it('tells each only once', () => {
    expect(told(row('ready', 'ready', 'stopping'), all('told'))).toEqual({ tell: [], left: [] })
  })

  it('gives up on one that could not be stopped, once it was tried', () => {
    expect(told(row('stopped', 'stopped', 'failed'), all('asked'))).toEqual({
      tell: ['stop c'],
      left: ['a', 'b'],
    })
    expect(told(row('stopped', 'stopped', 'failed'), all('told'))).toEqual({
      tell: [],
      left: ['a', 'b', 'c'],
    })
  })
})
