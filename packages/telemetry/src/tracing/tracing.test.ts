import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { events } from '@holdfast/policy'
import { trace } from '@opentelemetry/api'
import { afterEach, describe, expect, it } from 'vitest'
import { continueTrace, traced, traceHeaders } from '../traces/index.ts'
import { type Tracing, type TracingOptions, tracing } from './index.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const each of cleanUp.splice(0).reverse()) await each()
})
const start = (options: Partial<TracingOptions> = {}): Tracing => {
  const running = tracing({ service: 'tests', ...options })
  cleanUp.push(() => running.shutdown())
  return running
}
const fails = traced('fails', () => {
  throw new Error('password=hunter2')
})
const wait = (): Promise<void> => new Promise(setImmediate)

interface Received {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly { key: string; value: object }[] }
    readonly scopeSpans: readonly { readonly spans: readonly Record<string, unknown>[] }[]
  }[]
}

/** A collector: what it was sent, and how it answers. */
const sink = async (status = 200) => {
  const received: { readonly type: string | undefined; readonly headers: object; readonly body: Received }[] =
    []
  const server: Server = createServer(async (asked, answer) => {
    let text = ''
    for await (const piece of asked.setEncoding('utf8')) text += piece
    received.push({ type: asked.headers['content-type'], headers: asked.headers, body: JSON.parse(text) })
    answer.writeHead(status, { 'content-type': 'application/json' }).end('{}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUp.push(
    () => server.closeAllConnections(),
    () => server.close(),
  )
  const { port } = server.address() as AddressInfo
  const spans = () =>
    received.flatMap(({ body }) =>
      body.resourceSpans.flatMap((each) => each.scopeSpans.flatMap((s) => s.spans)),
    )
  return { url: `http://127.0.0.1:${port}/v1/traces`, received, spans }
}
/** A collector that begins to answer, and says a space now and then for ever. */
const dripping = async () => {
  const server = createServer((_, answer) => {
    const drip = setInterval(() => answer.write(' '), 50)
    answer.once('close', () => clearInterval(drip))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUp.push(
    () => server.closeAllConnections(),
    () => server.close(),
  )
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`
}
const deadUrl = async () => {
  const { url } = await sink()
  await cleanUp.pop()!()
  await cleanUp.pop()!()
  return url
}

describe('tracing', () => {
  it('keeps the parents of a hundred interleaved traces apart', async () => {
    const { traces, statistics } = start()
    const leaf = traced('leaf', async (n: number) => {
      for (let turn = 0; turn < n % 5; turn++) await wait()
    })
    const branch = traced('branch', async (n: number) => Promise.all([leaf(n), leaf(n + 1)]))
    const root = traced('root', async (n: number) => Promise.all([branch(n), branch(n + 2)]))
    await Promise.all(Array.from({ length: 100 }, (_, n) => root(n)))

    expect(traces()).toHaveLength(100)
    for (const { spans } of traces()) {
      const named = new Map(spans.map((each) => [each.spanId, each.name]))
      const lines = spans.map(({ name, parentId }) => `${named.get(parentId ?? '')} > ${name}`).sort()
      const expected = [
        ...Array(4).fill('branch > leaf'),
        ...Array(2).fill('root > branch'),
        'undefined > root',
      ]
      expect(lines).toEqual(expected)
    }
    expect(statistics()).toMatchObject({ complete: 100, completionRate: 1, kept: { sampled: 100 } })
  })

  it('records nothing of what is not sampled', () => {
    const { traces, statistics } = start({ sample: 0 })
    expect(fails).toThrow()

    expect(traces()).toEqual([])
    expect(statistics()).toMatchObject({ started: 0, spans: 0 })
  })

  it('keeps what failed, though it was not sampled', async () => {
    const { traces, statistics } = start({ sample: 0, keep: { failed: true } })
    const mends = traced('mends', () => {
      try {
        return fails()
      } catch {
        return traceHeaders()?.traceparent
      }
    })
    traced('fine', () => {})()

    expect(mends()).toMatch(/-00$/)
    expect(traces()).toMatchObject([{ name: 'mends', status: 'failed', kept: 'failed', spans: [{}, {}] }])
    expect(JSON.stringify(traces())).not.toContain('hunter2')
    expect(statistics()).toMatchObject({ started: 2, complete: 2, kept: { sampled: 0, failed: 1, slow: 0 } })
  })

  it('keeps what failed of a trace that the sender did not sample', () => {
    const { traces } = start({ keep: { failed: true } })
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00'
    expect(() => continueTrace({ traceparent }, fails)).toThrow()

    expect(traces()).toMatchObject([{ kept: 'failed', spans: [{ parentId: '00f067aa0ba902b7' }] }])
  })

  it('keeps what was slow, though it was not sampled', () => {
    const { traces } = start({ sample: 0, keep: { slowerThan: 50 } })
    const tracer = trace.getTracer('tests')
    const began = Date.now()
    tracer.startSpan('slow', { startTime: began }).end(began + 50)
    tracer.startSpan('quick', { startTime: began }).end(began + 49)
    expect(fails).toThrow()

    expect(traces()).toMatchObject([{ name: 'slow', kept: 'slow', duration: 50, status: 'ok' }])
  })

  it('heeds what the sender sampled, and samples its share of the rest', () => {
    const { traces } = start({ sample: 0.5 })
    const id = (n: number) => n.toString(16).padStart(8, '0').repeat(4)
    const some = traced('some', () => {})
    for (let n = 1; n <= 50; n++) {
      continueTrace({ traceparent: `00-${id(n)}-00f067aa0ba902b7-${n % 2 ? '01' : '00'}` }, some)
    }
    expect(traces()).toHaveLength(25)
    for (let n = 0; n < 400; n++) some()

    expect(traces().length - 25).toBeGreaterThan(100)
    expect(traces().length - 25).toBeLessThan(300)
  })

  it('sends what is kept to a collector, as OTLP in JSON', async () => {
    const { url, received, spans } = await sink()
    const { shutdown, statistics } = start({ otlp: { url, headers: { 'x-tenant': 'a' } }, service: 'ai' })
    traced(
      'outer',
      traced('inner', () => {}, { kind: 'client', attributes: { n: 1 } }),
    )()
    expect(fails).toThrow()
    await shutdown()

    expect(received).toHaveLength(1)
    expect(received[0]).toMatchObject({ type: 'application/json', headers: { 'x-tenant': 'a' } })
    expect(received[0]?.body.resourceSpans[0]?.resource.attributes).toContainEqual({
      key: 'service.name',
      value: { stringValue: 'ai' },
    })
    const [inner, outer, failed] = spans()
    expect(inner).toMatchObject({ name: 'inner', kind: 3, parentSpanId: outer?.['spanId'] })
    expect(outer).toMatchObject({ name: 'outer', traceId: inner?.['traceId'], status: { code: 0 } })
    expect(failed).toMatchObject({ name: 'fails', status: { code: 2, message: 'Error' } })
    expect(JSON.stringify(received)).not.toContain('hunter2')
    expect(statistics().exported).toEqual({ waiting: 0, sent: 3, failed: 0, dropped: 0 })
  })

  it('neither lists nor sends a secret, wherever it was planted', async () => {
    const { url, received } = await sink()
    const { shutdown, traces } = start({ otlp: url })
    const secret = 'https://me:hunter2@example.com/?api_key=hunter2'
    const tracer = trace.getTracer('tests')
    const linked = { context: { traceId: '1'.repeat(32), spanId: '1'.repeat(16), traceFlags: 1 } }
    const attributes = {
      'http.request.header.authorization': ['hunter2'],
      'url.full': secret,
      'list.of.urls': [secret, 'x'],
      'gen_ai.usage.input_tokens': 12,
    }
    const root = tracer.startSpan(`GET ${secret}`, { attributes, links: [{ ...linked, attributes }] })
    root.recordException(Object.assign(new Error(`no answer from ${secret}`), { stack: `at ${secret}` }))
    root.addEvent('sent', attributes)
    root.setStatus({ code: 2, message: `password=hunter2` })
    root.end()
    const listed = traces()
    await shutdown()

    for (const all of [listed, received]) expect(JSON.stringify(all)).not.toContain('hunter2')
    expect(received).toHaveLength(1)
    expect(listed[0]?.spans[0]?.attributes).toEqual({
      'http.request.header.authorization': '[redacted]',
      'url.full': 'https://me:[redacted]@example.com/?api_key=[redacted]',
      'list.of.urls': ['https://me:[redacted]@example.com/?api_key=[redacted]', 'x'],
      'gen_ai.usage.input_tokens': 12,
    })
    expect(attributes['url.full']).toBe(secret)
    expect(traces()).toEqual(listed)
  })

  it.each([
    ['dead', deadUrl],
    ['broken', async () => (await sink(500)).url],
    ['dripping', dripping],
  ])('pays for a %s collector with a counter, and is over in time', async (_, address) => {
    const complaints: unknown[] = []
    const complain = (reason: unknown) => void complaints.push(reason)
    process.on('unhandledRejection', complain)
    cleanUp.push(() => process.off('unhandledRejection', complain))
    const { shutdown, statistics } = start({ otlp: { url: await address(), timeout: 200 }, queue: 10 })
    const work = traced('work', () => {})
    for (let n = 0; n < 25; n++) work()
    await shutdown()
    await wait()

    expect(statistics().exported).toEqual({ waiting: 0, sent: 0, failed: 10, dropped: 15 })
    expect(complaints).toEqual([])
  })

  it('is told of the same trace by two processes, each with the right parents', async () => {
    const { url, spans } = await sink()
    const doors = ['traces', 'tracing'].map(
      (door) => pathToFileURL(join(import.meta.dirname, '..', door, 'index.ts')).href,
    )
    const code = `
      const { continueTrace, traced } = await import('${doors[0]}')
      const { tracing } = await import('${doors[1]}')
      const { shutdown } = tracing({ service: 'callee', sample: 0, otlp: '${url}' })
      const { createServer } = await import('node:http')
      const work = traced('work', async () => new Promise((done) => setTimeout(done, 5)))
      const serve = traced('serve', async (asked, answer) => { await work(); answer.end('ok') }, { kind: 'server' })
      const server = createServer((asked, answer) => continueTrace(asked.headers, () => serve(asked, answer)))
      server.listen(0, '127.0.0.1', () => console.log(server.address().port))
      process.stdin.on('end', async () => { server.close(); server.closeAllConnections(); await shutdown() }).resume()
    `
    const args = ['--conditions=@holdfast/source', '--input-type=module', '--eval', code]
    const running = promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname })
    const [port] = (await once(running.child.stdout!, 'data')) as [string]
    const { shutdown } = start({ service: 'caller', otlp: url })
    const ask = traced('ask', async () => {
      const headers = { ...traceHeaders() }
      return (await fetch(`http://127.0.0.1:${port.trim()}/`, { headers })).text()
    })
    expect(await ask()).toBe('ok')
    running.child.stdin!.end()
    await running
    await shutdown()

    const named = new Map(spans().map((each) => [each['name'], each]))
    const parentOf = (name: string) => named.get(name)?.['parentSpanId']
    expect([...named.keys()].sort()).toEqual(['ask', 'serve', 'work'])
    expect(new Set(spans().map((each) => each['traceId'])).size).toBe(1)
    expect(parentOf('ask')).toBeUndefined()
    expect(parentOf('serve')).toBe(named.get('ask')?.['spanId'])
    expect(parentOf('work')).toBe(named.get('serve')?.['spanId'])
  })

  it('is one, takes all back when it is over, and can begin anew', async () => {
    const first = start()
    expect(events.heard).toBe(true)
    expect(() => tracing({ service: 'second' })).toThrow(
      expect.objectContaining({ code: 'TRACING_REGISTERED' }),
    )
    await Promise.all([first.shutdown(), first.shutdown()])
    expect(events.heard).toBe(false)
    await using second = tracing({ service: 'second', ring: 2 })
    for (const name of ['a', 'b', 'c']) traced(name, () => {})()
    await second.flush()

    expect(second.traces().map(({ name }) => name)).toEqual(['c', 'b'])
    expect(first.traces()).toEqual([])
  })

  it('keeps no process alive', async () => {
    const door = pathToFileURL(join(import.meta.dirname, 'index.ts')).href
    const code = `
      const { tracing } = await import('${door}')
      const { trace } = await import('@opentelemetry/api')
      tracing({ service: 'x', otlp: 'http://127.0.0.1:9/v1/traces' })
      trace.getTracer('x').startSpan('x').end()
      console.log('done')
    `
    const args = ['--conditions=@holdfast/source', '--input-type=module', '--eval', code]
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname })

    expect({ stdout, stderr }).toEqual({ stdout: 'done\n', stderr: '' })
  })

  it.each([
    [{}, 'tracing.service'],
    [{ service: 'x', sample: 2 }, 'tracing.sample'],
    [{ service: 'x', sample: '1' }, 'tracing.sample'],
    [{ service: 'x', sample: { perSecond: 0 } }, 'tracing.sample'],
    [{ service: 'x', sample: {} }, 'tracing.sample'],
    [{ service: 'x', sampel: 1 }, 'tracing.sampel'],
    [{ service: 'x', keep: true }, 'tracing.keep'],
    [{ service: 'x', keep: { slow: 1 } }, 'tracing.keep.slow'],
    [{ service: 'x', keep: { failed: 1 } }, 'tracing.keep.failed'],
    [{ service: 'x', keep: { slowerThan: -1 } }, 'tracing.keep.slowerThan'],
    [{ service: 'x', otlp: 'localhost:4318' }, 'tracing.otlp'],
    [{ service: 'x', otlp: { url: 'http://x', timeout: 0 } }, 'tracing.otlp.timeout'],
    [{ service: 'x', ring: 0 }, 'tracing.ring'],
    [{ service: 'x', mostSpans: 1.5 }, 'tracing.mostSpans'],
    [{ service: 'x', policies: 'no' }, 'tracing.policies'],
    [{ service: 'x', clock: {} }, 'tracing.clock'],
    [undefined, 'tracing'],
  ])('refuses %j', (options, option) => {
    expect(() => tracing(options as TracingOptions)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', option }),
    )
    expect(events.heard).toBe(false)
  })
})
