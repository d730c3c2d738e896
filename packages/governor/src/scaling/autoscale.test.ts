import { describe, expect, it } from 'vitest'
import { type Autoscale, scalingRules } from './autoscale.ts'

const read = async () => ({})
const complaint = (said: Autoscale): string => {
  try {
    scalingRules('ai', said)
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

describe('scalingRules', () => {
  it('fills in what is not said', () => {
    expect(scalingRules('ai', { max: 4, cpu: 0.6 })).toEqual({
      min: 1,
      max: 4,
      cpu: 0.6,
      every: 5_000,
      tolerance: 0.1,
      downAfter: 300_000,
      coolDown: 15_000,
      down: 1,
    })
  })

  it('takes a page that leaves a port for each replica', () => {
    expect(complaint({ max: 8, queue: 5, page: 'http://localhost:65528/' })).toBe('')
  })

  it.each<[Autoscale, string]>([
    [{ max: 0, cpu: 0.5 }, 'service "ai": autoscale.max is 0'],
    [{ max: 1.5, cpu: 0.5 }, 'service "ai": autoscale.max is 1.5'],
    [{ min: 3, max: 2, cpu: 0.5 }, 'service "ai": autoscale.max is 2, which is less than min, 3'],
    [{ max: 2 }, 'service "ai": autoscale names no target'],
    [{ max: 2, lag: 20, read }, 'service "ai": autoscale.lag is the only target'],
    [{ max: 2, cpu: 0 }, 'service "ai": autoscale.cpu is 0'],
    [{ max: 2, cpu: Number.NaN }, 'service "ai": autoscale.cpu is NaN'],
    [{ max: 2, queue: 5 }, 'service "ai": autoscale.queue is a target that nobody measures'],
    [{ max: 2, queue: 5, page: '/load' }, 'service "ai": autoscale.page is "/load"'],
    [
      { max: 2, queue: 5, page: 'http://localhost/load' },
      'service "ai": autoscale.page is "http://localhost/load"',
    ],
    [
      { max: 9, queue: 5, page: 'http://localhost:65528/' },
      'service "ai": autoscale.page is "http://localhost:65528/"',
    ],
    [
      { max: 2, queue: 5, page: 'http://localhost:9101/', read },
      'service "ai": autoscale.page is there, and a reader as well',
    ],
    [{ max: 2, cpu: 0.5, every: 0 }, 'service "ai": autoscale.every is 0'],
    [{ max: 2, cpu: 0.5, coolDown: -1 }, 'service "ai": autoscale.coolDown is -1'],
    [{ max: 2, cpu: 0.5, tolerance: 1 }, 'service "ai": autoscale.tolerance is 1'],
    [{ max: 2, cpu: 0.5, down: 0 }, 'service "ai": autoscale.down is 0'],
  ])('refuses %o', (said, message) => {
    expect(complaint(said)).toContain(message)
  })
})
