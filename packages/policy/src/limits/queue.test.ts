import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Place, Queue } from './queue.ts'

const items = (queue: Queue<string>) => {
  const all: string[] = []
  for (let place = queue.first; place !== undefined; place = queue.first) {
    all.push(place.item)
    queue.remove(place)
  }
  return all
}

describe('Queue', () => {
  it('gives the highest rank first, and equals in the order of coming', () => {
    const queue = new Queue<string>()
    for (const [item, rank] of [
      ['a', 0],
      ['b', 5],
      ['c', 0],
      ['d', -1],
      ['e', 5],
    ] as const)
      queue.add(item, rank)

    expect([queue.size, queue.first!.item, queue.last!.item]).toEqual([5, 'b', 'd'])
    expect([9, 5, 1, 0, -3].map((rank) => queue.ahead(rank))).toEqual([0, 2, 2, 4, 5])
    expect(items(queue)).toEqual(['b', 'e', 'a', 'c', 'd'])
    expect([queue.size, queue.first, queue.last]).toEqual([0, undefined, undefined])
  })

  it('takes a place out once', () => {
    const queue = new Queue<string>()
    const [a, b, c] = ['a', 'b', 'c'].map((item) => queue.add(item, 0))

    expect([queue.remove(b!), queue.remove(b!), queue.size]).toEqual([true, false, 2])
    queue.remove(c!)
    expect(queue.last).toBe(a)
    expect(items(queue)).toEqual(['a'])
  })

  it('holds I1 to I3 over any sequence', () => {
    const step = fc.oneof(
      fc.record({ add: fc.integer({ min: -3, max: 3 }) }),
      fc.record({ remove: fc.nat() }),
    )
    const property = fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new Queue<number>()
      let model: Place<number>[] = []
      steps.forEach((each, n) => {
        if ('add' in each) {
          model.push(queue.add(n, each.add))
          model.sort((one, other) => other.rank - one.rank || one.item - other.item)
        } else if (model.length > 0) {
          const place = model[each.remove % model.length]!
          expect(queue.remove(place)).toBe(true)
          model = model.filter((other) => other !== place)
        }
        expect(queue.size).toBe(model.length)
        expect(queue.first).toBe(model[0])
        expect(queue.last).toBe(model.at(-1))
        expect(queue.ahead(0)).toBe(model.filter(({ rank }) => rank >= 0).length)
      })
      for (const place of model) {
        expect(queue.first).toBe(place)
        queue.remove(place)
      }
      expect(queue.size).toBe(0)
    })
    fc.assert(property, { seed: 1, numRuns: 200 })
  })
})
