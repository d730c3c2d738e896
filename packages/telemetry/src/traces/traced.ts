import { demand } from '@holdfast/policy'
import type { Attributes, SpanOptions } from '@opentelemetry/api'
import { currentTracer } from './api.ts'
import { type Beginning, inSpan } from './in-span.ts'

/** What a span is to others, as OpenTelemetry has it. */
export type SpanRole = 'internal' | 'server' | 'client' | 'producer' | 'consumer'

export interface TracedOptions<A extends readonly unknown[]> {
  /** `internal` by default. */
  readonly kind?: SpanRole
  /** What each span says about its call: names and numbers, never a secret. A function is given the arguments. */
  readonly attributes?: Attributes | ((...args: A) => Attributes)
}

const ROLES: readonly SpanRole[] = ['internal', 'server', 'client', 'producer', 'consumer']

/**
 * The same function, with a span of that name around each call, on the tracer that is registered with `@opentelemetry/api`.
 *
 * The span ends when the function returns, or when its promise settles. A failure makes it one, and leaves `error.type` on it: the error's `code`
 * or name, not its message. The function gets and gives what it always did. With no SDK registered there is no span, and it costs next to nothing;
 * nor is there one inside a local span that is not recorded.
 */
export function traced<A extends unknown[], R>(
  name: string,
  fn: (...args: A) => R,
  options: TracedOptions<A> = {},
): (...args: A) => R {
  check(name, fn, options)
  const beginning = beginningOf(name, options)
  return function (this: unknown, ...args: A): R {
    const tracer = currentTracer()
    if (tracer === undefined) return fn.apply(this, args)
    return inSpan(tracer, typeof beginning === 'function' ? beginning(args) : beginning, () =>
      fn.apply(this, args),
    )
  }
}

function check(name: unknown, fn: unknown, options: object): void {
  demand(typeof name === 'string' && name !== '', 'traced: name', name, 'a text')
  demand(typeof fn === 'function', 'traced: fn', fn, 'a function')
  const ok = typeof options === 'object' && options !== null
  demand(ok, 'traced: options', options, 'an object with any of kind, attributes')
  for (const [option, value] of Object.entries(options)) {
    demand(
      /^(kind|attributes)$/.test(option),
      `traced.${option}`,
      value,
      'left out; there is kind, attributes',
    )
  }
  const { kind = 'internal' } = options as { kind?: SpanRole }
  demand(ROLES.includes(kind), 'traced.kind', kind, `one of ${ROLES.join(', ')}`)
}

/** What a span of each call is to be; what only its arguments tell is asked when the span is made, and not if none is. */
function beginningOf<A extends readonly unknown[]>(
  name: string,
  { kind: role = 'internal', attributes }: TracedOptions<A>,
): Beginning | ((args: A) => Beginning) {
  const kind = ROLES.indexOf(role)
  if (typeof attributes === 'function') {
    return (args) => ({ name, options: new Described(kind, attributes, args) })
  }
  return { name, options: attributes === undefined ? { kind } : { kind, attributes } }
}

/**
 * What a span is to be, of which the attributes are made only when somebody asks.
 *
 * A class, since an object with a getter of its own has a shape of its own, and the engine keeps a shape, with all that its getter holds, far longer than
 * a request lasts: each then left 9 kB behind for the next thorough collection.
 */
class Described<A extends readonly unknown[]> implements SpanOptions {
  readonly kind: number
  readonly #tell: (...args: A) => Attributes
  readonly #args: A

  constructor(kind: number, tell: (...args: A) => Attributes, args: A) {
    this.kind = kind
    this.#tell = tell
    this.#args = args
  }

  get attributes(): Attributes {
    try {
      return this.#tell(...this.#args)
    } catch {
      return {} // What describes a call must not be able to break it.
    }
  }
}
