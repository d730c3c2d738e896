import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Lru } from './lru.ts'

describe('Lru', () => {
  it('is a list that moves what is used to its end and cuts its head (I1, I2, I3)', () => {
    const step = fc.record({
      does: fc.constantFrom(
        'get',
        'get',
        'get',
        'get',
        'peek',
        'set',
        'set',
        'set',
        'set',
        'delete',
        'clear',
      ),
      key: fc.constantFrom('a', 'b', 'c', 'd'),
      size: fc.constantFrom(0, 0, 1, 2, 6),
    })
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 100, size: 'max' }),
        fc.integer({ min: 1, max: 3 }),
        (steps, max) => {
          const lru = new Lru<number>(max, 10)
          let list: { key: string; value: number; size: number }[] = []
          for (const [value, { does, key, size }] of steps.entries()) {
            const known = list.find((each) => each.key === key)
            const rest = list.filter((each) => each !== known)
            if (does === 'get') {
              expect(lru.get(key)).toBe(known?.value)
              if (known !== undefined) list = [...rest, known]
            } else if (does === 'peek') expect(lru.peek(key)).toBe(known?.value)
            else if (does === 'delete') {
              expect(lru.delete(key)).toBe(known !== undefined)
              list = rest
            } else if (does === 'clear') {
              lru.clear()
              list = []
            } else {
              lru.set(key, value, size * 2)
              list = rest
              if (size * 2 <= 10) {
                list.push({ key, value, size: size * 2 })
                while (list.length > max || list.reduce((sum, each) => sum + each.size, 0) > 10) list.shift()
              }
            }
            expect(lru.size).toBe(list.length)
            expect(lru.total).toBe(list.reduce((sum, each) => sum + each.size, 0))
          }
          expect(list.map(({ key }) => lru.peek(key))).toEqual(list.map(({ value }) => value))
        },
      ),
      { seed: 1, numRuns: 150 },
    )
  })

  it('has no limit of size unless it is given one', () => {
    const lru = new Lru<number>(2)
    lru.set('a', 1)
    lru.set('b', 2, 1e9)

    expect([lru.get('a'), lru.get('b'), lru.total]).toEqual([1, 2, 1e9])
  })
})
