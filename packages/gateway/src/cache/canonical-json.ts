type Json = Readonly<Record<string, unknown>>

/**
 * A JSON object as text in which neither the order of keys nor white space shows, without the top-level members named in `without`.
 * Two texts that a careful reader could tell apart never become one: where the parsed value has lost something (a key that stands twice, a number of more
 * digits than a double holds, nesting without end), the text itself is the answer.
 */
export function canonicalJson(json: string, value: Json, without: ReadonlySet<string>): string {
  const sorting = { members: 0 }
  try {
    const all = sorted(value, sorting, 0)
    if (membersIn(json) !== sorting.members) return json
    return JSON.stringify(Object.fromEntries(Object.entries(all).filter(([key]) => !without.has(key))))
  } catch (error) {
    if (error === lossy) return json
    throw error
  }
}

const lossy = Symbol('lossy')
const deepest = 500

function sorted(value: Json, sorting: { members: number }, depth: number): Json {
  if (depth > deepest) throw lossy
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(value).sort()) {
    if (key === '__proto__') throw lossy
    sorting.members++
    copy[key] = inside(value[key], sorting, depth + 1)
  }
  return copy
}

function inside(value: unknown, sorting: { members: number }, depth: number): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) throw lossy
  if (typeof value !== 'object' || value === null) return value
  if (!Array.isArray(value)) return sorted(value as Json, sorting, depth)
  if (depth > deepest) throw lossy
  return value.map((item) => inside(item, sorting, depth + 1))
}

/** A double holds so many decimal digits, whichever they are. */
const mostDigits = 15

/** How many members the objects in a JSON text have, all together; -1 where it has a number that a double may not hold. */
function membersIn(json: string): number {
  let members = 0
  let from = 0
  for (;;) {
    const string = json.indexOf(quote, from)
    const end = string === -1 ? json.length : string
    let digits = 0
    for (let at = from; at < end; at++) {
      const code = json.charCodeAt(at)
      if (code === colon) members++
      if (code >= zero && code <= nine) {
        if (++digits > mostDigits) return -1
      } else if (code !== point) digits = 0
    }
    if (string === -1) return members
    from = stringEnd(json, string) + 1
  }
}

const quote = '"'
const point = 46
const zero = 48
const nine = 57
const colon = 58
const backslash = 92

function stringEnd(json: string, start: number): number {
  for (let at = json.indexOf(quote, start + 1); ; at = json.indexOf(quote, at + 1)) {
    let escapes = 0
    while (json.charCodeAt(at - 1 - escapes) === backslash) escapes++
    if (escapes % 2 === 0) return at
  }
}
