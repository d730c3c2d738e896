import { afterEach, describe, expect, it } from 'vitest'
import { breaker } from '../breaker/breaker.ts'
import { forget, status } from '../named/registry.ts'
import { answerTo } from './answer-to.ts'

afterEach(() => {
  forget('odd')
  for (const { name } of status('breaker')) forget(name)
})
const asked = (call: string) =>
  JSON.parse(answerTo(JSON.stringify({ id: 1, call }))!) as { ok: unknown; error: unknown }

describe('answerTo', () => {
  it('tells as much as there is room for, and how much it left out', () => {
    for (let n = 0; n < 10_000; n++) breaker(`breaker ${n}`)
    const line = answerTo('{"id":1,"call":"policies"}')!
    const { kinds, omitted } = (
      JSON.parse(line) as { ok: { kinds: { breaker: unknown[] }; omitted: number } }
    ).ok

    expect(line.length).toBeLessThan(510_000)
    expect(kinds.breaker.length).toBeGreaterThan(1_000)
    expect(kinds.breaker.length + omitted).toBe(10_000)
  })

  it('answers with an error when something cannot tell how it is', () => {
    const odd = breaker('odd')
    odd.status = () => {
      throw new TypeError('broken')
    }
    expect(asked('policies')).toEqual({ id: 1, error: { code: 'CALL_FAILED', message: 'broken' } })
    odd.status = () => {
      throw undefined
    }
    expect(asked('policies').error).toEqual({ code: 'CALL_FAILED', message: 'undefined' })
  })

  it('has nothing to say to what asks nothing', () => {
    expect(['', '{', 'null', '{"id":1,"ok":true}', '{"call":"reset"}'].map(answerTo)).toEqual(
      Array(5).fill(undefined),
    )
  })
})
