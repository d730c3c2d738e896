import type {
  Attributes,
  AttributeValue,
  Exception,
  Link,
  Span,
  SpanContext,
  SpanKind,
  SpanOptions,
  SpanStatus,
  TimeInput,
} from '@opentelemetry/api'
import {
  cleanAttributes,
  type InstrumentationScope,
  isTimeInput,
  millisToHrTime,
  timeInputToHrTime,
} from '@opentelemetry/core'
import type { Resource } from '@opentelemetry/resources'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { milliseconds } from './kept-trace.ts'
import type { Place } from './local-trace.ts'

/** What spans of one tracer have in common. */
export interface Origin {
  readonly scope: InstrumentationScope
  readonly resource: Resource
  /** Told of each span when it ends, once. */
  readonly ended: (span: RecordedSpan) => void
}

/** Where a span begins. */
export interface Beginning {
  readonly origin: Origin
  readonly place: Place<RecordedSpan>
  readonly parent: Place | SpanContext | undefined
  readonly name: string
  readonly options: SpanOptions | undefined
}

interface Event {
  readonly name: string
  readonly at: number
  readonly attributes: Attributes | undefined
}

/** No single attribute fills the memory, and no span without end does. */
const LIMITS = { attributeCountLimit: 64, attributeValueLengthLimit: 1_024 }
const MOST_EVENTS = 128
const MOST_LINKS = 128
/** Names and values that are noted before it is looked which of them still hold. */
const MOST_SAID = 256

const UNSET = 0
const OK = 1
const ERROR = 2

/*
 * I1  What it is given it keeps as it is, and looks at it only when it is read: most are not, since their trace is not kept.
 * I2  Once it has ended it changes no more.
 * I3  It is bounded in what it notes, however often it is told something.
 */

/** A span that is recorded: several times cheaper than one of the SDK's, which copies, checks and cuts whatever it is given, and dates it twice. */
export class RecordedSpan implements Span {
  readonly place: Place<RecordedSpan>
  readonly #origin: Origin
  readonly #parent: Place | SpanContext | undefined
  #name: string
  readonly #kind: SpanKind
  /** Added to its times to make them ms since 1970. */
  readonly #offset: number
  readonly #begin: number
  #end: number | undefined = undefined
  #given: Attributes | undefined
  /** Names and values, in turn, since `given`. */
  #said: unknown[] | undefined = undefined
  #droppedAttributes = 0
  #events: Event[] | undefined = undefined
  #droppedEvents = 0
  #links: Link[] | undefined
  #droppedLinks = 0
  #status: SpanStatus = unset

  constructor({ origin, place, parent, name, options }: Beginning) {
    this.place = place
    this.#origin = origin
    this.#parent = parent
    this.#name = name
    this.#kind = options?.kind ?? 0
    this.#given = options?.attributes
    this.#links = options?.links?.slice(-MOST_LINKS)
    const began = options?.startTime
    this.#offset = began === undefined ? place.trace.offset : 0
    this.#begin = this.#time(began)
  }

  /** Ms; 0 as long as it has not ended. */
  get duration(): number {
    return this.#end === undefined ? 0 : this.#end - this.#begin
  }

  get failed(): boolean {
    return this.#status.code === ERROR
  }

  spanContext(): SpanContext {
    return this.place.identity
  }

  isRecording(): boolean {
    return this.#end === undefined
  }

  setAttribute(key: string, value: AttributeValue): this {
    if (this.#end !== undefined) return this
    this.#said ??= []
    if (this.#said.length >= 2 * MOST_SAID) this.#sum()
    this.#said.push(key, value)
    return this
  }

  setAttributes(attributes: Attributes): this {
    for (const [key, value] of Object.entries(Object(attributes)))
      this.setAttribute(key, value as AttributeValue)
    return this
  }

  addEvent(name: string, attributesOrTime?: Attributes | TimeInput, time?: TimeInput): this {
    if (this.#end !== undefined) return this
    const timed = isTimeInput(attributesOrTime)
    const at = this.#time(time ?? (timed ? attributesOrTime : undefined))
    this.#events ??= []
    if (this.#events.length >= MOST_EVENTS) {
      this.#events.shift()
      this.#droppedEvents++
    }
    this.#events.push({ name, at, attributes: timed ? undefined : (attributesOrTime as Attributes) })
    return this
  }

  addLink(link: Link): this {
    if (this.#end !== undefined) return this
    this.#links ??= []
    if (this.#links.length >= MOST_LINKS) {
      this.#links.shift()
      this.#droppedLinks++
    }
    this.#links.push(link)
    return this
  }

  addLinks(links: Link[]): this {
    for (const link of links) this.addLink(link)
    return this
  }

  /** The last word but one that it went well, which stands. */
  setStatus({ code, message }: SpanStatus): this {
    if (this.#end !== undefined || code === UNSET || this.#status.code === OK) return this
    this.#status = code === ERROR && typeof message === 'string' ? { code, message } : { code }
    return this
  }

  updateName(name: string): this {
    if (this.#end === undefined) this.#name = name
    return this
  }

  recordException(exception: Exception, time?: TimeInput): void {
    const { code, name, message, stack } =
      typeof exception === 'string'
        ? { message: exception }
        : (Object(exception) as Partial<Error> & { code?: unknown })
    const type = code ? String(code) : name
    const attributes: Attributes = {
      ...(type && { 'exception.type': type }),
      ...(message && { 'exception.message': message }),
      ...(stack && { 'exception.stacktrace': stack }),
    }
    this.addEvent('exception', attributes, time)
  }

  end(time?: TimeInput): void {
    if (this.#end !== undefined) return
    this.#end = Math.max(this.#begin, this.#time(time))
    this.#origin.ended(this)
  }

  /** As exporters read spans: checked, cut to size, and a copy. */
  written(): ReadableSpan {
    this.#sum()
    const { identity } = this.place
    const parent = this.#parent
    const above = parent !== undefined && 'identity' in parent ? parent.identity : parent
    return {
      name: this.#name,
      kind: this.#kind,
      spanContext: () => identity,
      ...(above && { parentSpanContext: above }),
      startTime: millisToHrTime(this.#offset + this.#begin),
      endTime: millisToHrTime(this.#offset + this.#begin + this.duration),
      duration: millisToHrTime(this.duration),
      ended: this.#end !== undefined,
      status: { ...this.#status },
      attributes: this.#given ?? {},
      events: (this.#events ?? []).map(({ name, at, attributes }) => ({
        name,
        time: millisToHrTime(this.#offset + at),
        ...cleanAttributes(attributes, LIMITS),
      })),
      links: (this.#links ?? []).map(({ context, attributes }) => ({
        context,
        ...cleanAttributes(attributes, LIMITS),
      })),
      resource: this.#origin.resource,
      instrumentationScope: this.#origin.scope,
      droppedAttributesCount: this.#droppedAttributes,
      droppedEventsCount: this.#droppedEvents,
      droppedLinksCount: this.#droppedLinks,
    }
  }

  /** Makes one of what was given and what was said since. */
  #sum(): void {
    const all = { ...this.#given }
    const said = this.#said ?? []
    for (let at = 0; at < said.length; at += 2) all[said[at] as string] = said[at + 1] as AttributeValue
    const { attributes, droppedAttributesCount = 0 } = cleanAttributes(all, LIMITS)
    this.#given = attributes
    this.#droppedAttributes += droppedAttributesCount
    this.#said = []
  }

  /** On the span's own clock: that of its trace, or, if it was told when it began, the one on the wall. */
  #time(input: TimeInput | undefined): number {
    const said = isTimeInput(input) ? milliseconds(timeInputToHrTime(input)) : Number.NaN
    if (Number.isFinite(said)) return said - this.#offset
    return this.#offset === 0 ? Date.now() : performance.now()
  }
}

const unset: SpanStatus = { code: UNSET }
