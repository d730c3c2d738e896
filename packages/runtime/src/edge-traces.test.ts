import { fakeServer } from '@holdfast/transport/testing'
import { describe, expect, it } from 'vitest'
import { readConfig } from './config/read.ts'
import { edgeTraces, tracingOf } from './edge-traces.ts'

const of = (text: string, environment = {}) =>
  tracingOf(readConfig({ file: 'x', text, environment: {} }), environment)
const collector = 'telemetry: { otlp: "http://collector:4318", sample: 0.1 }'

const keep = { failed: true, slowerThan: 30_000 }
const sample = { perSecond: 10 }

describe('tracingOf', () => {
  it.each([
    ['', {}, { service: 'gateway', sample, keep }],
    ['telemetry:', { OTEL_EXPORTER_OTLP_ENDPOINT: '' }, { service: 'gateway', sample, keep }],
    [
      'telemetry: { sample: 0, slow: 5s }',
      {},
      { service: 'gateway', sample: 0, keep: { failed: true, slowerThan: 5_000 } },
    ],
    ['', { OTEL_SERVICE_NAME: 'gateway-eu' }, { service: 'gateway-eu', sample, keep }],
    ['', { OTEL_SERVICE_NAME: '' }, { service: 'gateway', sample, keep }],
    [
      collector,
      {},
      {
        service: 'gateway',
        keep,
        sample: 0.1,
        otlp: 'http://collector:4318/v1/traces',
      },
    ],
    [
      'telemetry: { otlp: "https://c/otlp/traces?a=b" }',
      {},
      { service: 'gateway', sample, keep, otlp: 'https://c/otlp/traces?a=b' },
    ],
    [
      '',
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318/base/' },
      { service: 'gateway', sample, keep, otlp: 'http://c:4318/base/v1/traces' },
    ],
    [
      '',
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://t/x' },
      { service: 'gateway', sample, keep, otlp: 'http://t/x' },
    ],
  ])('of %j and %j is %j', (text, environment, expected) => {
    expect(of(text, environment)).toEqual(expected)
  })

  it('lets the file go first', () => {
    const { otlp } = of(collector, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://elsewhere' })

    expect(otlp).toBe('http://collector:4318/v1/traces')
  })
})

describe('edgeTraces', () => {
  const missing = Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' })

  it.each([
    [missing, 'traces are off: OpenTelemetry, which is optional, is not installed'],
    [new Error('broken'), 'traces are off: broken'],
    ['odd', 'traces are off: odd'],
  ])('keeps none where it cannot be had, and says so once: %s', async (error, sentence) => {
    const said: string[] = []
    const traces = edgeTraces({
      tracing: { service: 's' },
      say: (line) => said.push(line),
      load: async () => {
        throw error
      },
    })

    expect([await traces.records(), await traces.records()]).toEqual([[], []])
    await traces.close()
    expect(said).toEqual([sentence])
  })

  it('says it where somebody else registered tracing, or the address is none', async () => {
    const said: string[] = []
    const say = (line: string) => void said.push(line)
    const first = edgeTraces({ tracing: { service: 's' }, say })
    await first.records()
    for (const tracing of [{ service: 's' }, { service: 's', otlp: 'grpc://c' }]) {
      const other = edgeTraces({ tracing, say })
      expect(await other.records()).toEqual([])
      await other.close()
    }
    await first.close()

    expect(said).toEqual([
      expect.stringContaining('has a tracer provider already'),
      expect.stringContaining('tracing.otlp must be'),
    ])
  })

  it('is not held up by a collector that does not answer', async () => {
    await using silent = await fakeServer()
    silent.next(new Promise(() => {}))
    const { traced } = await import('@holdfast/telemetry/traces')
    const traces = edgeTraces({ tracing: { service: 's', otlp: `${silent.url}/v1/traces` }, say: () => {} })
    await traces.records()
    traced('x', () => {})()
    const sent = silent.request()
    const began = performance.now()
    await traces.close()

    expect(performance.now() - began).toBeLessThan(3_000)
    expect((await sent).path).toBe('/v1/traces')
  })
})
