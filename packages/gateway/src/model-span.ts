/** Where a top-level value stands in a JSON text: `[start, end)` in characters. */
export type Span = readonly [start: number, end: number]

/**
 * Replaces the value of every top-level `model` in a JSON object text and leaves every other character as it was: numbers keep their digits,
 * keys their order, strings their escapes. `json` must be valid JSON (it was parsed before); without a `model`, one is added.
 */
export function withModel(json: string, model: string): string {
  return withValue(json, 'model', JSON.stringify(model))
}

/** The same for any key, and a value that is JSON already. */
export function withValue(json: string, key: string, value: string): string {
  const spans = topLevelValues(json, key)
  if (spans.length === 0)
    return json.replace('{', () => `{"${key}":${value}${/^\s*\{\s*\}/.test(json) ? '' : ','}`)
  let out = ''
  let from = 0
  for (const [start, end] of spans) {
    out += json.slice(from, start) + value
    from = end
  }
  return out + json.slice(from)
}

/** The spans of the values of `key` in the outermost object of a valid JSON text; several where the key stands twice. */
export function topLevelValues(json: string, key: string): Span[] {
  const spans: Span[] = []
  let depth = 0
  let at = 0
  while (at < json.length) {
    const char = json.charCodeAt(at)
    if (char === quote) {
      const end = stringEnd(json, at)
      const colon = afterSpace(json, end)
      if (depth === 1 && json.charCodeAt(colon) === 58 && JSON.parse(json.slice(at, end)) === key) {
        const start = afterSpace(json, colon + 1)
        const stop = valueEnd(json, start)
        spans.push([start, stop])
        at = stop
        continue
      }
      at = depth === 1 && json.charCodeAt(colon) === 58 ? colon + 1 : end
      continue
    }
    if (char === 123 || char === 91) depth++
    else if (char === 125 || char === 93) depth--
    at++
  }
  return spans
}

const quote = 34

function stringEnd(json: string, start: number): number {
  let end = start
  for (;;) {
    end = json.indexOf('"', end + 1)
    let slashes = 0
    while (json.charCodeAt(end - 1 - slashes) === 92) slashes++
    if (slashes % 2 === 0) return end + 1
  }
}

function afterSpace(json: string, at: number): number {
  let next = at
  while (json.charCodeAt(next) <= 32) next++
  return next
}

function valueEnd(json: string, start: number): number {
  let depth = 0
  let at = start
  for (;;) {
    const char = json.charCodeAt(at)
    if (char === quote) at = stringEnd(json, at)
    else if (char === 123 || char === 91) {
      depth++
      at++
    } else if (char === 125 || char === 93) {
      if (depth === 0) return trimmedEnd(json, at)
      depth--
      at++
    } else if (char === 44 && depth === 0) return trimmedEnd(json, at)
    else at++
    if (depth === 0 && (char === quote || char === 125 || char === 93)) return at
  }
}

function trimmedEnd(json: string, end: number): number {
  let at = end
  while (json.charCodeAt(at - 1) <= 32) at--
  return at
}
