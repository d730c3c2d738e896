import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createContextKey, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { describe, expect, it } from 'vitest'
import { InsideEndingSpan } from './inside-span.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const span = (spanId: string) =>
  trace.wrapSpanContext({ traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId, traceFlags: 1 })
const [first, second] = [span('00f067aa0ba902b7'), span('b7ad6b7169203331')]
const key = createContextKey('tests')

describe('InsideSpan', () => {
  it('is a context with that span, and with what else is in the one around it', () => {
    const inside = new InsideEndingSpan(ROOT_CONTEXT.setValue(key, 1), first)

    expect(trace.getSpan(inside)).toBe(first)
    expect(inside.getValue(key)).toBe(1)
    expect(trace.getSpan(new InsideEndingSpan(inside, second))).toBe(second)
  })

  it('is changed by nobody: what is set or deleted is so in another', () => {
    const inside = new InsideEndingSpan(ROOT_CONTEXT.setValue(key, 1), first)
    const other = inside.setValue(key, 2)

    expect([other.getValue(key), trace.getSpan(other)]).toEqual([2, first])
    expect([inside.deleteValue(key).getValue(key), inside.getValue(key)]).toEqual([undefined, 1])
    expect(trace.getSpan(trace.setSpan(inside, second))).toBe(second)
    expect(trace.getSpan(trace.deleteSpan(new InsideEndingSpan(inside, second)))).toBeUndefined()
    expect(trace.getSpan(inside)).toBe(first)
  })

  it('holds no span but its own, however many began one another', async () => {
    let inside = new InsideEndingSpan(ROOT_CONTEXT, first)
    const spans = Array.from({ length: 10 }, (_, n) => {
      const own = span(`00f067aa0ba902b${n}`)
      inside = new InsideEndingSpan(inside, own)
      return new WeakRef(own)
    })
    await new Promise(setImmediate) // what was made in this turn is held until its end
    collectGarbage()

    expect(spans.map((ref) => ref.deref()).filter(Boolean)).toEqual([inside.span])
  })
})
