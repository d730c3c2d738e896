import { setImmediate as turn } from 'node:timers/promises'
import { processMetrics } from '@holdfast/telemetry'
import { describe, expect, it } from 'vitest'
import { type EdgeMetricsOptions, edgeMetrics } from './edge-metrics.ts'
import { sampleBreaker, sampleChain, sampleLink, sampleService, sampleStatus } from './testing/index.ts'

const openMetrics = 'application/openmetrics-text'
const gone = new Error('gone')

const page = async (options: Partial<EdgeMetricsOptions> = {}, accept?: string): Promise<string> => {
  const metrics = edgeMetrics({
    status: async () => sampleStatus(),
    silence: async () => 0,
    policies: async () => [],
    complain: (error) => {
      throw error
    },
    ...options,
  })
  const { text } = await metrics.page(accept)
  metrics.close()
  return text
}

const took = (...traces: readonly (string | undefined)[]) => ({
  name: 'took_seconds',
  help: 'How long.',
  type: 'histogram' as const,
  samples: [
    {
      labels: {},
      bounds: [1],
      buckets: [1],
      sum: 3,
      count: 2,
      exemplars: traces.map((traceId, nth) => traceId && { traceId, value: nth + 0.5, at: 1_500 }) as never,
    },
  ],
})

describe('edgeMetrics', () => {
  it('tells how the whole is, the policies of all processes, and what the gateway counted', async () => {
    const kinds = { breaker: [sampleBreaker('jira', 'open')] }
    const text = await page({
      policies: async () => [{ pid: 7, service: 'ai', kinds, omitted: 0 }],
      gateway: () => [took()],
    })

    expect(text).toContain('\nholdfast_up 1\n')
    expect(text).toContain('\nholdfast_breaker_state{breaker="jira",service="ai",pid="7",state="open"} 1\n')
    expect(text).toContain('\ntook_seconds_count 2\n')
  })

  it('tells the edge’s own process and the governor’s, in one family each', async () => {
    const own = processMetrics()
    const text = await page({ governor: () => own.families() })
    own.close()

    for (const service of ['edge', 'governor']) {
      expect(text).toMatch(new RegExp(`\\nprocess_resident_memory_bytes\\{service="${service}"\\} \\d+\\n`))
      expect(text).toContain(`\nnodejs_gc_duration_seconds_count{service="${service}",kind="major"} `)
      expect(text).toContain(`\nnodejs_eventloop_delay_seconds{service="${service}",quantile="0.99"} `)
    }
    expect(text.match(/^# TYPE process_resident_memory_bytes/gm)).toHaveLength(1)
  })

  it('makes one page for all who ask while it is made, and a new one for who asks later', async () => {
    let asked = 0
    const metrics = edgeMetrics({
      status: async () => sampleStatus({ services: [] }),
      silence: async () => ++asked,
      policies: async () => [],
      complain: () => {},
    })
    const crowd = await Promise.all(Array.from({ length: 100 }, () => metrics.page('text/plain')))
    const later = await metrics.page('text/plain')
    metrics.close()

    expect(new Set(crowd.map(({ text }) => text)).size).toBe(1)
    expect(crowd[0]?.text).toContain('\nholdfast_governor_answer_age_seconds 0.001\n')
    expect(later.text).toContain('\nholdfast_governor_answer_age_seconds 0.002\n')
  })

  it.runIf(process.platform === 'linux')('tells the processes of the services that run', async () => {
    const services = [sampleService('ai', { pid: process.pid }), sampleService('gone', { pid: undefined })]
    const text = await page({ status: async () => sampleStatus({ services }) })

    expect(text).toMatch(/\nholdfast_service_resident_memory_bytes\{service="ai"\} \d+\n/)
    expect(text).not.toContain('holdfast_service_resident_memory_bytes{service="gone"}')
  })

  it('has all eight metrics of models, whose breakers are those of the upstreams now', async () => {
    const states = ['closed', 'open', 'half-open'] as const
    let scrapes = 0
    const metrics = edgeMetrics({
      status: async () => {
        const links = [sampleLink('a', states[scrapes++]), sampleLink('rules')]
        return sampleStatus({ chains: [sampleChain('default', { links })] })
      },
      silence: async () => 0,
      policies: async () => [],
      complain: () => undefined,
    })
    const pages = [
      await metrics.page(undefined),
      await metrics.page(undefined),
      await metrics.page(undefined),
    ]
    metrics.close()

    expect(pages[0]!.text.match(/^# TYPE lms_\w+/gm)).toHaveLength(8)
    expect(pages.map(({ text }) => /^lms_circuit_breaker_state.*$/m.exec(text)?.[0])).toEqual([
      'lms_circuit_breaker_state{operation="a"} 0',
      'lms_circuit_breaker_state{operation="a"} 1',
      'lms_circuit_breaker_state{operation="a"} 2',
    ])
  })

  it('gives a bucket the trace to look at, if that was kept, and only in OpenMetrics', async () => {
    const traces = { families: async () => [], kept: async () => new Set(['kept']) }
    const options = { traces, gateway: () => [took('kept', 'lost')] }

    expect(await page(options, openMetrics)).toContain(
      '\ntook_seconds_bucket{le="1"} 1 # {trace_id="kept"} 0.5 1.5\ntook_seconds_bucket{le="+Inf"} 2\n',
    )
    const plain = await page(options)
    expect(plain).toContain('\ntook_seconds_bucket{le="1"} 1\n')
    expect(plain).not.toContain('trace_id')
  })

  it('tells how old that is which it says of the services', async () => {
    const text = await page({ silence: async () => 4_200 })

    expect(text).toContain('\nholdfast_governor_answer_age_seconds 4.2\n')
  })

  it('tells the rest when a part cannot be told, and complains', async () => {
    const complaints: unknown[] = []
    const text = await page({
      policies: () => Promise.reject(gone),
      governor: () => Promise.reject(gone),
      traces: { families: () => Promise.reject(gone), kept: async () => new Set() },
      complain: (error) => complaints.push(error),
    })

    expect(text).toContain('\nholdfast_up 1\n')
    expect(complaints).toEqual([gone, gone, gone])
  })

  it('tells what each process of the edge counted, by its number', async () => {
    const another = edgeMetrics({
      status: async () => sampleStatus(),
      silence: async () => 0,
      policies: async () => [],
      gateway: () => [took('kept', 'lost')],
      traces: { families: async () => [], kept: async () => new Set(['kept']) },
      complain: () => expect.fail('complained'),
    })
    const items = JSON.parse(JSON.stringify(await another.families()))
    another.close()

    const text = await page(
      {
        gateway: () => [took()],
        others: { number: async () => 1, ask: async () => [{ replica: 2, items }] },
      },
      openMetrics,
    )

    for (const replica of [1, 2]) {
      expect(text).toContain(`\ntook_seconds_count{replica="${replica}"} 2\n`)
      expect(text).toMatch(
        new RegExp(`\\nprocess_resident_memory_bytes\\{replica="${replica}",service="edge"\\} \\d+\\n`),
      )
    }
    expect(text.match(/trace_id="\w+"/g)).toEqual(['trace_id="kept"'])
    expect(text.match(/^# TYPE took_seconds/gm)).toHaveLength(1)
  })

  it('fails as the status does, and leaves no rejection behind', async () => {
    const unheard: unknown[] = []
    const hear = (error: unknown): void => void unheard.push(error)
    process.on('unhandledRejection', hear)
    const asked = page({
      status: () => Promise.reject(gone),
      policies: () => Promise.reject(new Error('gone as well')),
      complain: () => undefined,
    })

    await expect(asked).rejects.toBe(gone)
    await turn()
    process.off('unhandledRejection', hear)
    expect(unheard).toEqual([])
  })
})
