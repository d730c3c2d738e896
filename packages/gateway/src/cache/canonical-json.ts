/**
 * A JSON object as text in which neither the order of keys nor white space shows, without the top-level members named in `without`.
 * Two texts that a careful reader could tell apart never become one: where the parsed value has lost something (a key that stands twice, a number of more
 * digits than a double holds, nesting without end), the text itself is the answer.
 */
export function canonicalJson(
  json: string,
  value: Readonly<Record<string, unknown>>,
  without: ReadonlySet<string>,
): string {
  const writing = { members: 0 }
  const members: string[] = []
  try {
    for (const key of Object.keys(value).sort()) {
      const text = member(key, value[key], writing, 0)
      if (!without.has(key)) members.push(text)
    }
  } catch (error) {
    if (error === lossy) return json
    throw error
  }
  return membersIn(json) === writing.members ? `{${members.join(',')}}` : json
}

const lossy = Symbol('lossy')
const deepest = 500
/** A double holds so many decimal digits, whichever they are. */
const mostDigits = 15

interface Writing {
  members: number
}

function member(key: string, value: unknown, writing: Writing, depth: number): string {
  writing.members++
  return `${JSON.stringify(key)}:${written(value, writing, depth + 1)}`
}

function written(value: unknown, writing: Writing, depth: number): string {
  if (typeof value !== 'object' || value === null) {
    if (typeof value === 'number' && !Number.isFinite(value)) throw lossy
    return JSON.stringify(value)
  }
  if (depth > deepest) throw lossy
  if (Array.isArray(value)) return `[${value.map((item) => written(item, writing, depth + 1)).join(',')}]`
  const of = value as Readonly<Record<string, unknown>>
  const keys = Object.keys(of).sort()
  return `{${keys.map((key) => member(key, of[key], writing, depth)).join(',')}}`
}

/** How many members the objects in a JSON text have, all together; -1 where it has a number that a double may not hold. */
function membersIn(json: string): number {
  let members = 0
  let digits = 0
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at)
    if (code >= zero && code <= nine) {
      if (++digits > mostDigits) return -1
    } else if (code !== point) digits = 0
    if (code === quote) at = stringEnd(json, at)
    else if (code === colon) members++
  }
  return members
}

const quote = 34
const point = 46
const zero = 48
const nine = 57
const colon = 58
const backslash = 92

function stringEnd(json: string, start: number): number {
  for (let at = json.indexOf('"', start + 1); at !== -1; at = json.indexOf('"', at + 1)) {
    let escapes = 0
    while (json.charCodeAt(at - 1 - escapes) === backslash) escapes++
    if (escapes % 2 === 0) return at
  }
  return json.length
}
