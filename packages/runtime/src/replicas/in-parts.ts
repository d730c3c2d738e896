/** A part of a long answer; whoever asks for `more` is given the next one. */
export interface Part<T> {
  readonly items: readonly T[]
  readonly more?: number
}

/** Characters of a part, half of what a message may have; and how many answers may be half told. */
const room = 500_000
const most = 8

/*
 * I1  A part has no more than `room` characters, unless it is one item. Its parts together are the answer, as it was when the first was asked for.
 * I2  No more than `most` answers are kept, the latest.
 */
/** Tells long lists in parts that each fit into a message between processes. Rejects with `FORGOTTEN` for a next part that is not kept. */
export function inParts<T>(
  list: (asked: unknown) => Promise<readonly T[]>,
): (asked: unknown) => Promise<Part<T>> {
  const waiting = new Map<number, readonly T[]>()
  let last = 0

  const begin = (items: readonly T[]): Part<T> => {
    let end = 0
    for (let size = 0; end < items.length; end++) {
      size += JSON.stringify(items[end]).length + 1
      if (size > room && end > 0) break
    }
    if (end === items.length) return { items }
    const more = ++last
    waiting.set(more, items.slice(end))
    const [oldest] = waiting.keys()
    if (waiting.size > most) waiting.delete(oldest!)
    return { items: items.slice(0, end), more }
  }
  return async (asked) => {
    const { for: of, more } = Object(asked) as { readonly for?: unknown; readonly more?: number }
    if (more === undefined) return begin(await list(of))
    const rest = waiting.get(more)
    if (!rest)
      throw Object.assign(new Error('that part is told already, or forgotten'), { code: 'FORGOTTEN' })
    waiting.delete(more)
    return begin(rest)
  }
}
