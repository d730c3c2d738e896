import { redactText } from './redact-text.ts'
import { isSecret, plain, redacted } from './secret-key.ts'

/** What else to hide. */
export interface RedactOptions {
  /** Names, besides the built-in ones, under which nothing is told; case, `-` and `_` do not count. */
  readonly keys?: readonly string[] | undefined
}

const deepest = 10
const most = 2_000
const widest = 200
const longest = 65_536
const naming = ['name', 'key', 'header', 'field']

/**
 * A copy, made of plain JSON, without secrets: what stands under a secret's name is `[redacted]`, and so is in every text what looks like one.
 *
 * Errors become `{ type, message, stack, cause, … }`. Names and values side by side count too: `['authorization', 'x']`, `['--password', 'x']`,
 * `{ name: 'cookie', value: 'x' }`. Bounded: 10 levels, 200 entries each, 2,000 values in all, 65,536 characters a text; what is left out says so.
 * Survives cycles, getters that throw and proxies: never throws, and never changes what it is given.
 */
export function redact(value: unknown, options?: RedactOptions): unknown {
  return new Copy(new Set(options?.keys?.map(plain))).of(value, 0)
}

class Copy {
  readonly #keys: ReadonlySet<string>
  readonly #around = new Set<object>()
  #left = most

  constructor(keys: ReadonlySet<string>) {
    this.#keys = keys
  }

  of(value: unknown, depth: number): unknown {
    if (--this.#left < 0) return '[left out]'
    switch (typeof value) {
      case 'string':
        return shortened(value)
      case 'number':
        return Number.isFinite(value) ? value : String(value)
      case 'bigint':
      case 'symbol':
        return redactText(String(value))
      case 'function':
        return '[function]'
      case 'object':
        return value === null ? null : this.#object(value, depth)
      default:
        return value
    }
  }

  #object(value: object, depth: number): unknown {
    if (this.#around.has(value)) return '[circular]'
    if (depth >= deepest) return '[too deep]'
    this.#around.add(value)
    try {
      return this.#copied(value, depth + 1)
    } catch {
      return '[unreadable]'
    } finally {
      this.#around.delete(value)
    }
  }

  #copied(value: object, depth: number): unknown {
    if (Array.isArray(value)) return this.#list(value, depth)
    // Nearly all there is; it is none of what comes below.
    if (Object.getPrototypeOf(value) === Object.prototype) return this.#plain(value, depth)
    if (value instanceof Error) return this.#error(value, depth)
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
    if (value instanceof URL || value instanceof RegExp) return shortened(String(value))
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`
    if (value instanceof Set) return this.#list(Array.from(first(value)), depth)
    if (value instanceof Map || value instanceof Headers || value instanceof URLSearchParams) {
      return this.#fields(pairs(value), depth)
    }
    return this.#plain(value, depth)
  }

  #plain(value: object, depth: number): unknown {
    const { toJSON } = value as { readonly toJSON?: unknown }
    if (typeof toJSON === 'function') return this.of(toJSON.call(value), depth)
    return this.#fields(entries(value), depth)
  }

  #list(list: readonly unknown[], depth: number): unknown[] {
    const out: unknown[] = []
    for (let index = 0; index < list.length && index < widest; index++) {
      const before = list[index - 1]
      const secret = typeof before === 'string' && isSecret(before, list[index], this.#keys)
      out.push(secret ? redacted : this.of(list[index], depth))
    }
    if (list.length > widest) out.push(`[${list.length - widest} more]`)
    return out
  }

  #fields(fields: Iterable<readonly [string, unknown]>, depth: number, out: Fields = {}): Fields {
    let named: string | undefined
    let count = 0
    for (const [key, value] of fields) {
      if (++count > widest || this.#left <= 0) {
        set(out, '…', '[more left out]')
        break
      }
      if (named === undefined && typeof value === 'string' && naming.includes(key)) named = value
      const secret =
        isSecret(key, value, this.#keys) ||
        (key === 'value' && named !== undefined && isSecret(named, value, this.#keys))
      set(out, nameOf(key), secret ? redacted : this.of(value, depth))
    }
    return out
  }

  #error(error: Error, depth: number): Fields {
    const out: Fields = { type: this.of(error.name, depth), message: this.of(String(error.message), depth) }
    const { stack, cause } = error
    if (typeof stack === 'string' && stack !== '') out['stack'] = this.of(stack, depth)
    const own = [...entries(error)].filter(
      ([key]) => !['name', 'message', 'stack', 'cause', 'type'].includes(key),
    )
    this.#fields(own, depth, out)
    if (cause !== undefined) out['cause'] = this.of(cause, depth)
    if (error instanceof AggregateError) out['errors'] = this.of(error.errors, depth)
    return out
  }
}

type Fields = Record<string, unknown>

/** A text without secrets; what is too long is cut where no secret can be cut in two. */
function shortened(text: string): string {
  if (text.length <= longest) return redactText(text)
  const head = text.slice(0, longest)
  const whole = head.slice(
    0,
    Math.max(head.lastIndexOf(' '), head.lastIndexOf('\n'), head.lastIndexOf(','), 0),
  )
  return `${redactText(whole)}[${text.length - whole.length} more characters]`
}

/** A name that no object gives a meaning to. */
function set(out: Fields, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(out, key, { value, enumerable: true, configurable: true })
  else out[key] = value
}

/** As many as are told, and one more. */
function entries(value: object): (readonly [string, unknown])[] {
  const keys = Object.keys(value)
  const out: (readonly [string, unknown])[] = []
  for (let index = 0; index < keys.length && index <= widest; index++) {
    const key = keys[index]!
    out.push([key, read(value, key)])
  }
  return out
}

function read(value: object, key: string): unknown {
  try {
    return (value as Fields)[key]
  } catch {
    return '[unreadable]'
  }
}

/** Names come again and again: what became of the last thousand is kept, without those that are long. */
const names = new Map<string, string>()

function nameOf(key: string): string {
  if (key.length > 64) return shortened(key)
  let name = names.get(key)
  if (name === undefined) {
    if (names.size >= 1_000) names.clear()
    name = redactText(key)
    names.set(key, name)
  }
  return name
}

function* pairs(value: Iterable<readonly [unknown, unknown]>): Generator<readonly [string, unknown]> {
  for (const [key, held] of value) {
    yield [typeof key === 'object' && key !== null ? '[object]' : String(key), held]
  }
}

function* first(set: ReadonlySet<unknown>): Generator<unknown> {
  let count = 0
  for (const value of set) if (count++ <= widest) yield value
}
