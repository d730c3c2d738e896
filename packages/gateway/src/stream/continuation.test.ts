import { describe, expect, it } from 'vitest'
import { Continuation } from './continuation.ts'

const chunk = (content: string, finish: string | null = null) => ({
  choices: [{ index: 0, delta: { content }, finish_reason: finish }],
})
const known = 'Once upon a time there was a fox'

describe('Continuation', () => {
  it('takes what does not repeat the beginning for what follows it', () => {
    expect(new Continuation(known).take(chunk(' who'))).toEqual({ is: 'onward', chunks: [chunk(' who')] })
  })

  it('waits until a repetition is proven', () => {
    const continuation = new Continuation(known)

    expect(continuation.take(chunk('Once upon'))).toBeUndefined()
    expect(continuation.take(chunk(' a time the'))).toBeUndefined()
    expect(continuation.take(chunk('re was'))).toMatchObject({ is: 'anew' })
  })

  it('keeps what it waited with', () => {
    const continuation = new Continuation(known)
    continuation.take(chunk('Once '))

    expect(continuation.take(chunk('more'))).toEqual({
      is: 'onward',
      chunks: [chunk('Once '), chunk('more')],
    })
  })

  it('does not wait beyond the end', () => {
    expect(new Continuation(known).take(chunk('Once', 'stop'))).toMatchObject({ is: 'onward' })
    expect(new Continuation(known).take(chunk('', 'stop'))).toMatchObject({ is: 'onward' })
  })

  it('holds a short beginning against all of it', () => {
    const continuation = new Continuation('Once upon ')

    expect(continuation.take(chunk('Once'))).toBeUndefined()
    expect(continuation.take(chunk(' upon a'))).toMatchObject({ is: 'anew' })
  })

  it('trusts a very short one', () => {
    expect(new Continuation('ha').take(chunk('ha'))).toMatchObject({ is: 'onward' })
  })
})
