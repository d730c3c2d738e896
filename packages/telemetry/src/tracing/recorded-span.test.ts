import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { SpanOptions } from '@opentelemetry/api'
import { emptyResource } from '@opentelemetry/resources'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { describe, expect, it } from 'vitest'
import { milliseconds } from './kept-trace.ts'
import { LocalTrace, Place } from './local-trace.ts'
import { RecordedSpan } from './recorded-span.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const local = (sampled = true) => new LocalTrace<RecordedSpan>(sampled, undefined)
const set = (options?: SpanOptions, place = local().root, parent?: Place) => {
  const ended: RecordedSpan[] = []
  const origin = {
    scope: { name: 'tests' },
    resource: emptyResource(),
    ended: (span: RecordedSpan) => void ended.push(span),
  }
  const span = new RecordedSpan({ origin, place, parent, name: 'x', options })
  const over = (): ReadableSpan => {
    span.end()
    return span.written()
  }
  return { span, ended, over }
}

describe('RecordedSpan', () => {
  it('tells what it was given and told, the last word for each name', () => {
    const { span, over } = set({ kind: 2, attributes: { a: 1, b: 1 } })
    span
      .setAttribute('b', 2)
      .setAttributes({ c: [3], d: 4 })
      .setAttribute('d', 5)
      .updateName('y')
    span.addEvent('happened', { n: 1 }).addLinks([{ context: span.spanContext(), attributes: { l: 1 } }])

    expect(over()).toMatchObject({
      name: 'y',
      kind: 2,
      attributes: { a: 1, b: 2, c: [3], d: 5 },
      events: [{ name: 'happened', attributes: { n: 1 } }],
      links: [{ context: span.spanContext(), attributes: { l: 1 } }],
      status: { code: 0 },
      ended: true,
    })
  })

  it('ends once, and changes no more (I2)', () => {
    const { span, ended, over } = set()
    const before = over()
    span.setAttribute('a', 1).addEvent('x').addLink({ context: span.spanContext() }).updateName('z')
    span.setStatus({ code: 2 }).recordException('x')
    span.end()

    expect(span.isRecording()).toBe(false)
    expect(ended).toEqual([span])
    expect({ ...span.written(), spanContext: 0 }).toEqual({ ...before, spanContext: 0 })
  })

  it('cuts what is long, drops what is too much and what is no attribute, and says how much (I3)', () => {
    const { span, over } = set({ attributes: { long: 'x'.repeat(2_000), odd: Symbol('x') as never } })
    for (let n = 0; n < 100; n++) span.setAttribute(`n${n}`, n)
    for (let n = 0; n < 130; n++) span.addEvent(`e${n}`).addLink({ context: span.spanContext() })
    const { attributes, events, links, ...dropped } = over()

    expect(String(attributes['long'])).toHaveLength(1_024)
    expect(Object.keys(attributes)).toHaveLength(64)
    expect([events.length, events[0]?.name, links.length]).toEqual([128, 'e2', 128])
    expect(dropped).toMatchObject({
      droppedAttributesCount: 38,
      droppedEventsCount: 2,
      droppedLinksCount: 2,
    })
  })

  it('keeps the last value of a name that it is told a million times, and little else (I3)', () => {
    const { span, over } = set()
    for (let n = 0; n < 1_000_000; n++) span.setAttribute('tokens', n)

    expect(over()).toMatchObject({ attributes: { tokens: 999_999 }, droppedAttributesCount: 0 })
  })

  it('writes a copy: what it was given stays as it was', () => {
    const attributes = { a: 1 }
    const { over } = set({ attributes })
    Object.assign(over().attributes, { a: 2 })

    expect(attributes).toEqual({ a: 1 })
  })

  it('went well if somebody said so, whatever is said later, and failed if the last word was that', () => {
    const well = set().span.setStatus({ code: 1, message: 'x' }).setStatus({ code: 2 })
    const bad = set().span.setStatus({ code: 2, message: 'why' }).setStatus({ code: 0 })

    expect([well.written().status, well.failed]).toEqual([{ code: 1 }, false])
    expect([bad.written().status, bad.failed]).toEqual([{ code: 2, message: 'why' }, true])
  })

  it('tells of an exception as the conventions have it', () => {
    const { span, over } = set()
    const error = Object.assign(new RangeError('no'), { code: 'E_NO', stack: 'at x' })
    span.recordException(error)
    span.recordException('words')

    expect(over().events.map(({ name, attributes }) => [name, attributes])).toEqual([
      ['exception', { 'exception.type': 'E_NO', 'exception.message': 'no', 'exception.stacktrace': 'at x' }],
      ['exception', { 'exception.message': 'words' }],
    ])
  })

  it('takes times in every form, and never ends before it began', () => {
    const at = 1_700_000_000_000
    const { span } = set({ startTime: new Date(at) })
    span.addEvent('x', at + 5).addEvent('y', { n: 1 }, [at / 1_000, 7_000_000])
    span.end(at + 20)
    const { startTime, endTime, duration, events } = span.written()
    const back = set({ startTime: at }).span
    back.end(at - 1)

    expect([startTime, endTime, duration]).toEqual([
      [at / 1_000, 0],
      [at / 1_000, 20_000_000],
      [0, 20_000_000],
    ])
    expect(events.map(({ time }) => milliseconds(time) - at)).toEqual([5, 7])
    expect(back.duration).toBe(0)
  })

  it('bears what is no time, no exception and no attributes', () => {
    const { span, over } = set({ startTime: new Date('never') })
    span.setAttributes(undefined as never).recordException(undefined as never)
    span.addEvent('x', Number.NaN)
    span.end('soon' as never)

    expect(Number.isFinite(span.duration)).toBe(true)
    expect(over()).toMatchObject({ attributes: {}, events: [{ name: 'exception' }, { name: 'x' }] })
  })

  it('stands to the others of its trace as it happened, by one clock', () => {
    const { root } = local()
    const before = Date.now()
    const outer = set(undefined, root)
    const inner = set(undefined, new Place(root.trace), root)
    const [within, around] = [inner.over(), outer.over()]

    expect(milliseconds(within.startTime)).toBeGreaterThanOrEqual(milliseconds(around.startTime))
    expect(milliseconds(within.endTime)).toBeLessThanOrEqual(milliseconds(around.endTime))
    expect(Math.abs(milliseconds(around.startTime) - before)).toBeLessThan(60_000)
    expect(within.parentSpanContext).toBe(outer.span.spanContext())
  })

  it('does not hold the span above it', async () => {
    const place = new Place(local())
    const above = new WeakRef(set(undefined, place).span)
    const { span } = set(undefined, new Place(place.trace), place)
    await new Promise(setImmediate) // what was made in this turn is held until its end
    collectGarbage()

    expect(above.deref()).toBeUndefined()
    expect(span.written().parentSpanContext?.traceId).toBe(span.spanContext().traceId)
  })
})
