/**
 * Of two answers to a line, each a promise that asks for a pause or anything else, the one pause for as long as either asks.
 *
 * For the same two it is the same promise: who is asked for many lines waits once.
 */
export function pauseOfBoth(): (one: unknown, other: unknown) => Promise<unknown> | undefined {
  let last: { readonly one: unknown; readonly other: unknown; readonly both: Promise<unknown> } | undefined
  return (one, other) => {
    if (!(one instanceof Promise)) return other instanceof Promise ? other : undefined
    if (!(other instanceof Promise)) return one
    if (last?.one !== one || last.other !== other) last = { one, other, both: Promise.all([one, other]) }
    return last.both
  }
}
