import { readdir, readFile } from 'node:fs/promises'
import {
  constants,
  monitorEventLoopDelay,
  type PerformanceEntry,
  PerformanceObserver,
  performance,
} from 'node:perf_hooks'
import type { Family } from '../exposition.ts'
import { Buckets } from './buckets.ts'

/** What a process tells of itself. */
export interface ProcessMetrics {
  /** The metrics as they stand now; the loop's delay and its use are those since the scrape before. */
  families(): Promise<Family[]>
  /** Stops watching the loop. */
  close(): void
}

export interface ProcessMetricsOptions {
  /** Where Linux tells of a process; `/proc/self`. */
  readonly folder?: string
}

/**
 * CPU, memory, garbage, file descriptors and the event loop of this process, under the names that Prometheus' own client libraries use. Where the system
 * does not tell a number (descriptors are Linux's), its family has no samples. Watching the loop takes one look in 20 ms, and keeps no process alive.
 */
export function processMetrics({ folder = '/proc/self' }: ProcessMetricsOptions = {}): ProcessMetrics {
  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()
  const collections = new Map(Object.values(kinds).map((kind) => [kind, new Buckets(pauses)]))
  const collected = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { duration, detail } = entry as GarbageCollection
      collections.get(kinds[detail.kind] ?? '')?.observe(duration / 1e3)
    }
  })
  collected.observe({ entryTypes: ['gc'] })
  let before = performance.eventLoopUtilization()

  return {
    async families() {
      const [open, most] = await Promise.all([openDescriptors(folder), descriptorLimit(folder)])
      const cpu = process.cpuUsage()
      const { rss, heapUsed, heapTotal, external } = process.memoryUsage()
      const now = performance.eventLoopUtilization()
      const use = performance.eventLoopUtilization(now, before).utilization
      before = now
      const quantiles = [0.5, 0.9, 0.99, 1].map((q) => ({
        labels: { quantile: String(q) },
        value: Math.max(0, delay.percentile(q * 100) / 1e9 - 0.02),
      }))
      delay.reset()
      return [
        counter('process_cpu_seconds_total', 'CPU time used, in seconds.', (cpu.user + cpu.system) / 1e6),
        gauge('process_resident_memory_bytes', 'Memory that is in use, in bytes.', rss),
        gauge(
          'process_start_time_seconds',
          'When it began, in seconds since 1970.',
          performance.timeOrigin / 1e3,
        ),
        gauge('process_open_fds', 'File descriptors that are open.', open),
        gauge('process_max_fds', 'File descriptors that may be open.', most),
        gauge('nodejs_heap_size_used_bytes', 'Heap that is in use, in bytes.', heapUsed),
        gauge('nodejs_heap_size_total_bytes', 'Heap that is set aside, in bytes.', heapTotal),
        gauge(
          'nodejs_external_memory_bytes',
          'Memory outside the heap that objects hold, in bytes.',
          external,
        ),
        gauge('nodejs_eventloop_utilization_ratio', 'The share of time in which the loop was busy.', use),
        {
          name: 'nodejs_eventloop_delay_seconds',
          help: 'How much later than asked the loop came to a timer, in seconds.',
          type: 'summary',
          samples: quantiles,
        },
        {
          name: 'nodejs_gc_duration_seconds',
          help: 'How long collections of garbage took, in seconds, by kind.',
          type: 'histogram',
          samples: [...collections].map(([kind, took]) => took.distribution({ kind })),
        },
      ]
    },
    close() {
      delay.disable()
      collected.disconnect()
    },
  }
}

/** What Node tells of one, which its types do not. */
type GarbageCollection = PerformanceEntry & { readonly detail: { readonly kind: number } }

/** The kinds of collections, in the words of other Prometheus clients. */
const kinds: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
}
/** Seconds. */
const pauses = [0.001, 0.01, 0.1, 1, 2, 5]

async function openDescriptors(folder: string): Promise<number | undefined> {
  // One of them is the reading itself.
  return readdir(`${folder}/fd`).then(
    (open) => open.length - 1,
    () => undefined,
  )
}

async function descriptorLimit(folder: string): Promise<number | undefined> {
  const limits = await readFile(`${folder}/limits`, 'utf8').catch(() => '')
  const [, most] = /^Max open files\s+(\d+)/m.exec(limits) ?? []
  return most === undefined ? undefined : Number(most)
}

function counter(name: string, help: string, value: number): Family {
  return { name, help, type: 'counter', samples: [{ labels: {}, value }] }
}

function gauge(name: string, help: string, value: number | undefined): Family {
  return { name, help, type: 'gauge', samples: value === undefined ? [] : [{ labels: {}, value }] }
}
