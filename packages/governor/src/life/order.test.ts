import { describe, expect, it } from 'vitest'
import { needCycle, startOrder } from './order.ts'

describe('startOrder', () => {
  it('puts each service after all that it needs', () => {
    const services = [
      { name: 'web', needs: ['ai', 'kernel'] },
      { name: 'ai', needs: ['kernel'] },
      { name: 'kernel' },
      { name: 'log' },
    ]

    expect(startOrder(services)).toEqual([['kernel', 'log'], ['ai'], ['web']])
    expect(startOrder([])).toEqual([])
  })

  it('names a need that is no service', () => {
    expect(() => startOrder([{ name: 'a', needs: ['b'] }])).toThrow(
      'service "a" needs "b", which is not a service',
    )
  })

  it('names the services of a cycle', () => {
    const services = [
      { name: 'a', needs: ['b'] },
      { name: 'b', needs: ['a'] },
    ]

    expect(() => startOrder(services)).toThrow(expect.objectContaining({ code: 'NEED_CYCLE' }))
    expect(() => startOrder(services)).toThrow('a → b → a')
  })
})

describe('needCycle', () => {
  it('finds the cycle behind those who only lead to it', () => {
    const services = [
      { name: 'x', needs: ['a'] },
      { name: 'a', needs: ['b'] },
      { name: 'b', needs: ['c'] },
      { name: 'c', needs: ['a'] },
    ]

    expect(needCycle(services)).toEqual(['a', 'b', 'c', 'a'])
    expect(needCycle([{ name: 'a', needs: ['a'] }])).toEqual(['a', 'a'])
  })

  it('takes no diamond for a cycle', () => {
    const services = [
      { name: 'a', needs: ['b', 'c'] },
      { name: 'b', needs: ['d'] },
      { name: 'c', needs: ['d'] },
      { name: 'd', needs: ['not-a-service'] },
    ]

    expect(needCycle(services)).toBeUndefined()
  })
})
