import { describe, expect, it } from 'vitest'
import { inParts, type Part } from './in-parts.ts'

/** All parts, put together, and how many there were. */
async function whole<T>(ask: (asked: unknown) => Promise<Part<T>>, of?: unknown) {
  const parts = [await ask({ for: of })]
  while (parts.at(-1)!.more !== undefined) parts.push(await ask({ more: parts.at(-1)!.more }))
  return { items: parts.flatMap(({ items }) => items), parts }
}

describe('inParts', () => {
  it('tells what is short at once, and hands on what is asked for', async () => {
    expect(await inParts(async (asked) => [asked, 2])({ for: 'this' })).toEqual({ items: ['this', 2] })
    expect(await inParts(async () => [])(undefined)).toEqual({ items: [] })
  })

  it('tells what is long in parts that fit into a message, each item once (I1)', async () => {
    const list = Array.from({ length: 30 }, (_, n) => ({ n, text: 'x'.repeat(n === 7 ? 900_000 : 99_000) }))

    const { items, parts } = await whole(inParts(async () => list))

    expect(items).toEqual(list)
    for (const part of parts)
      if (part.items.length > 1) expect(JSON.stringify(part).length).toBeLessThan(501_000)
  })

  it('keeps the answers of several that ask at once apart, and each as it was at its beginning (I1)', async () => {
    let time = 0
    const ask = inParts(async () => Array(12).fill(String(time++).repeat(100_000)) as string[])

    const [one, other] = await Promise.all([whole(ask), whole(ask)])

    expect(new Set(one.items.map(([first]) => first))).toEqual(new Set(['0']))
    expect(new Set(other.items.map(([first]) => first))).toEqual(new Set(['1']))
  })

  it('forgets the oldest of those that nobody asks on (I2)', async () => {
    const ask = inParts(async () => Array(12).fill('x'.repeat(100_000)) as string[])
    const begun = await Promise.all(Array.from({ length: 9 }, () => ask({})))

    await expect(ask({ more: begun[0]!.more })).rejects.toMatchObject({ code: 'FORGOTTEN' })
    expect((await ask({ more: begun[1]!.more })).items).toHaveLength(4)
  })
})
