import { describe, expect, it } from 'vitest'
import type { Distribution, Family, Sample } from '../exposition.ts'
import { processMetrics } from './process-metrics.ts'

const values = (families: readonly Family[]) =>
  new Map(
    families
      .filter(({ type }) => type !== 'histogram')
      .map(({ name, samples }) => [name, samples.map((each) => (each as Sample).value)]),
  )

describe('processMetrics', () => {
  it('tells CPU, memory, descriptors and the loop of this process', async () => {
    const metrics = processMetrics()

    const told = values(await metrics.families())

    metrics.close()
    const [cpu, rss, began, heap] = [
      'process_cpu_seconds_total',
      'process_resident_memory_bytes',
      'process_start_time_seconds',
      'nodejs_heap_size_used_bytes',
    ].map((name) => told.get(name)?.[0] ?? NaN) as [number, number, number, number]
    expect(cpu).toBeGreaterThan(0)
    expect(rss).toBeGreaterThan(heap)
    expect(heap).toBeGreaterThan(1e6)
    expect(Math.abs(began * 1_000 - performance.timeOrigin)).toBeLessThan(1)
    expect(told.get('nodejs_eventloop_delay_seconds')).toHaveLength(4)
    for (const [name, numbers] of told)
      for (const value of numbers) expect(value, name).toBeGreaterThanOrEqual(0)
  })

  it.runIf(process.platform === 'linux')('counts open descriptors below their limit', async () => {
    const metrics = processMetrics()

    const told = values(await metrics.families())

    metrics.close()
    const [open] = told.get('process_open_fds') as [number]
    const [most] = told.get('process_max_fds') as [number]
    expect(open).toBeGreaterThan(2)
    expect(most).toBeGreaterThan(open)
  })

  it('leaves out what the system does not tell', async () => {
    const metrics = processMetrics({ folder: '/nowhere' })

    const told = values(await metrics.families())

    metrics.close()
    expect([...told].filter(([, numbers]) => numbers.length === 0).map(([name]) => name)).toEqual([
      'process_open_fds',
      'process_max_fds',
    ])
  })

  it('tells the use of the loop since the scrape before, a share', async () => {
    const metrics = processMetrics()
    await metrics.families()

    const [use] = values(await metrics.families()).get('nodejs_eventloop_utilization_ratio') as [number]

    metrics.close()
    expect(use).toBeGreaterThanOrEqual(0)
    expect(use).toBeLessThanOrEqual(1)
  })

  it('tells how long collections of garbage took', async () => {
    const metrics = processMetrics()
    const collected = async (): Promise<number> => {
      const all = (await metrics.families()).find(({ name }) => name === 'nodejs_gc_duration_seconds')
      return (all?.samples ?? []).reduce((sum, each) => sum + (each as Distribution).count, 0)
    }
    let litter: unknown[] = []
    while ((await collected()) === 0) litter = Array.from({ length: 100_000 }, () => [litter.length])

    metrics.close()
    expect(await collected()).toBeGreaterThan(0)
  })
})
