import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Sample } from '@holdfast/telemetry'
import { afterEach, describe, expect, it } from 'vitest'
import { serviceProcesses } from './service-processes.ts'

const told = async (processes: Parameters<typeof serviceProcesses>[0], folder?: string) =>
  new Map(
    (await serviceProcesses(processes, folder)).map(({ name, samples }) => [
      name.replace('holdfast_service_', ''),
      samples.map((each) => (each as Sample).value),
    ]),
  )

describe('serviceProcesses', () => {
  let child: ChildProcess | undefined
  afterEach(() => {
    child?.kill('SIGKILL')
    child = undefined
  })

  it.runIf(process.platform === 'linux')('tells memory, CPU, descriptors and the beginning', async () => {
    const metrics = await told([{ service: 'own', pid: process.pid }])

    const [memory, cpu, open, began] = [
      'resident_memory_bytes',
      'cpu_seconds_total',
      'open_fds',
      'start_time_seconds',
    ].map((name) => metrics.get(name)?.[0] ?? NaN) as [number, number, number, number]
    expect(memory).toBeGreaterThan(1e7)
    expect(cpu).toBeGreaterThan(0)
    expect(open).toBeGreaterThan(2)
    // To the second, as Linux tells when it began itself.
    expect(Math.abs(began - performance.timeOrigin / 1_000)).toBeLessThan(3)
  })

  it.runIf(process.platform === 'linux')('counts what a service started as its own', async () => {
    // The shell waits for what it started, as npm does.
    child = spawn('sh', ['-c', 'sleep 60 & echo up; wait'], { stdio: ['ignore', 'pipe', 'ignore'] })
    await once(child.stdout!, 'data')
    const metrics = await told([{ service: 'shell', pid: child.pid! }])

    expect(metrics.get('processes')).toEqual([2])
  })

  it('has nothing for a process that is gone, and nothing where nobody tells', async () => {
    expect([...(await told([{ service: 'gone', pid: 2 ** 22 + 1 }])).values()].flat()).toEqual([])
    expect([...(await told([{ service: 'own', pid: process.pid }], '/nowhere')).values()].flat()).toEqual([])
  })
})
