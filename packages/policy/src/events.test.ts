import { describe, expect, it } from 'vitest'
import { channel } from './events.ts'

describe('a channel', () => {
  it('is heard while someone listens, and each listening ends by itself', () => {
    const facts = channel<number>()
    const heard: number[] = []
    const listener = (fact: number) => heard.push(fact)
    const [offOne, offTwo] = [facts.on(listener), facts.on(listener)]
    facts.emit(1)
    offOne()
    offOne()
    facts.emit(2)
    expect(facts.heard).toBe(true)
    offTwo()
    facts.emit(3)

    expect(heard).toEqual([1, 1, 2])
    expect(facts.heard).toBe(false)
  })

  it('drops what a listener throws or rejects with, and tells the others', async () => {
    const facts = channel<number>()
    const heard: number[] = []
    const unhandled: unknown[] = []
    const hear = (error: unknown) => unhandled.push(error)
    process.on('unhandledRejection', hear)
    facts.on(() => {
      throw new Error('bad listener')
    })
    facts.on(async () => {
      throw new Error('bad asynchronous listener')
    })
    facts.on((fact) => heard.push(fact))

    facts.emit(1)
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', hear)

    expect([heard, unhandled]).toEqual([[1], []])
  })

  it('tells those who listened when the fact happened', () => {
    const facts = channel<number>()
    const heard: string[] = []
    facts.on(() => {
      heard.push('first')
      facts.on(() => heard.push('newcomer'))
    })
    facts.emit(1)

    expect(heard).toEqual(['first'])
  })
})
