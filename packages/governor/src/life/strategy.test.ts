import { describe, expect, it } from 'vitest'
import { type Strategy, service } from '../service.ts'
import { unborn } from './lifecycle.ts'
import { touched } from './strategy.ts'

/** a ← b ← c, and d beside them; x has no group, and c needs it to need a in another way. */
const lives = (strategy: Strategy) =>
  new Map(
    Object.entries({ a: [], b: ['x'], c: ['b'], d: [] }).map(([name, needs]) => [
      name,
      unborn(service({ name, command: ['x'], needs, group: { name: 'g', strategy } }), 0),
    ]),
  ).set('x', unborn(service({ name: 'x', command: ['x'], needs: ['a'] }), 0))

describe('touched', () => {
  it('is nobody one for one, and all others of the group one for all', () => {
    expect(touched('a', lives('one-for-one'))).toEqual([])
    expect(touched('b', lives('one-for-all'))).toEqual(['a', 'c', 'd'])
  })

  it('is who needs it, directly or through others and those of no group, rest for one', () => {
    expect(touched('a', lives('rest-for-one'))).toEqual(['b', 'c'])
    expect(touched('c', lives('rest-for-one'))).toEqual([])
    expect(touched('d', lives('rest-for-one'))).toEqual([])
  })

  it('is nobody for a service of no group', () => {
    expect(touched('x', lives('one-for-all'))).toEqual([])
  })
})
