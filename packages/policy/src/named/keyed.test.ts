import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Keyed } from './keyed.ts'

describe('Keyed', () => {
  it('makes one thing for each key, and keeps it', () => {
    const keyed = new Keyed(10, (key) => ({ key, idle: true }))
    const first = keyed.get('a')

    expect(keyed.get('a')).toBe(first)
    expect([keyed.peek('a'), keyed.peek('b')]).toEqual([first, undefined])
    expect([...keyed.entries()]).toEqual([['a', first]])
    expect([keyed.delete('a'), keyed.delete('a'), keyed.size]).toEqual([true, false, 0])
    keyed.get('b')
    keyed.clear()
    expect(keyed.size).toBe(0)
  })

  it('drops the idle one not asked for the longest, never a busy one while an idle one is near (I1, I2)', () => {
    const most = 6
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(12), fc.boolean()), { maxLength: 60 }), (steps) => {
        const keyed = new Keyed(most, () => ({ idle: true as boolean }))
        const known: { key: string; idle: boolean }[] = []
        for (const [n, idle] of steps) {
          const key = `${n}`
          keyed.get(key).idle = idle
          const at = known.findIndex((each) => each.key === key)
          if (at === -1 && known.length === most)
            known.splice(
              Math.max(
                0,
                known.findIndex((each) => each.idle),
              ),
              1,
            )
          if (at === -1) known.push({ key, idle })
          else if (known.length > most / 2) known.push({ ...known.splice(at, 1)[0]!, idle })
          else known[at]!.idle = idle
          expect([...keyed.entries()].map(([each]) => each)).toEqual(known.map((each) => each.key))
        }
      }),
      { seed: 1, numRuns: 300 },
    )
  })

  it('gives the eldest away when all are busy', () => {
    const keyed = new Keyed(2, () => ({ idle: false }))
    for (const key of ['a', 'b', 'c']) keyed.get(key)

    expect([...keyed.entries()].map(([key]) => key)).toEqual(['b', 'c'])
  })
})
