import { EventEmitter } from 'node:events'
import { createContextKey, ROOT_CONTEXT } from '@opentelemetry/api'
import { describe, expect, it } from 'vitest'
import { Contexts } from './contexts.ts'

const key = createContextKey('tests')
const one = ROOT_CONTEXT.setValue(key, 1)
const two = ROOT_CONTEXT.setValue(key, 2)

describe('Contexts', () => {
  it('runs a function in a context, with its receiver and arguments, over every wait', async () => {
    const contexts = new Contexts()
    const counter = {
      from: 40,
      async plus(this: { from: number }, more: number) {
        await new Promise(setImmediate)
        return [this.from + more, contexts.active()]
      },
    }

    expect(await contexts.with(one, counter.plus, counter, 2)).toEqual([42, one])
    expect(contexts.with(one, () => contexts.with(two, () => contexts.active()))).toBe(two)
    expect(contexts.active()).toBe(ROOT_CONTEXT)
  })

  it('goes back to what was before when the function throws', () => {
    const contexts = new Contexts()
    const fail = () => {
      throw new Error('no')
    }
    contexts.with(one, () => {
      expect(() => contexts.with(two, fail)).toThrow('no')
      expect(contexts.active()).toBe(one)
    })
  })

  it('binds functions and emitters', () => {
    const contexts = new Contexts()
    const bound = contexts.bind(one, () => contexts.active())
    const emitter = contexts.bind(two, new EventEmitter())
    const seen: unknown[] = []
    emitter.on('x', () => seen.push(contexts.active()))
    emitter.emit('x')

    expect([bound(), ...seen]).toEqual([one, two])
  })

  it('can be entered and left by hand', () => {
    const contexts = new Contexts()
    const token = contexts.attach(one)
    expect(contexts.active()).toBe(one)
    token.dispose()
    expect(contexts.active()).toBe(ROOT_CONTEXT)
  })

  it('knows no context once it is disabled', () => {
    const contexts = new Contexts()

    expect(contexts.with(one, () => contexts.disable().active())).toBe(ROOT_CONTEXT)
  })
})
