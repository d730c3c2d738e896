import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { AlwaysOffSampler, TracerProvider } from '@opentelemetry/sdk-trace'
import { afterEach, describe, expect, it } from 'vitest'
import { type Tracing, tracing } from '../tracing/index.ts'
import { traced } from './traced.ts'

let running: Tracing | undefined
const start = (options = {}): Tracing => {
  running = tracing({ service: 'tests', ...options })
  return running
}
afterEach(() => running?.shutdown())

const error = Object.assign(new Error('token=hunter2'), { code: 'EHOSTUNREACH' })

describe('traced', () => {
  it('is the same function: this, arguments, value, with an SDK and without', () => {
    const point = {
      x: 40,
      plus: traced('plus', function (this: { x: number }, a: number) {
        return this.x + a
      }),
    }
    expect(point.plus(2)).toBe(42)
    start()
    expect(point.plus(2)).toBe(42)
  })

  it('makes a span of each call, with what is said about it', () => {
    const { traces } = start()
    const ask = traced('ask', (model: string) => model.length, {
      kind: 'client',
      attributes: (model) => ({ 'gen_ai.request.model': model }),
    })
    ask('qwen')
    traced('fixed', () => {}, { attributes: { n: 1 } })()

    expect(traces().map(({ spans }) => spans[0])).toMatchObject([
      { name: 'fixed', kind: 'internal', attributes: { n: 1 }, status: 'ok' },
      { name: 'ask', kind: 'client', attributes: { 'gen_ai.request.model': 'qwen' } },
    ])
  })

  it('makes children of what is called inside, over every wait', async () => {
    const { traces } = start()
    const inner = traced('inner', async () => {
      await new Promise(setImmediate)
      return trace.getActiveSpan()?.spanContext().spanId
    })
    const outer = traced('outer', async () => [await inner(), await inner()])
    const ids = await outer()

    const [{ spans } = { spans: [] }, ...others] = traces()
    expect(others).toEqual([])
    expect(spans.map(({ name, parentId }) => [name, parentId])).toEqual([
      ['inner', spans[2]?.spanId],
      ['inner', spans[2]?.spanId],
      ['outer', undefined],
    ])
    expect(ids).toEqual([spans[0]?.spanId, spans[1]?.spanId])
  })

  it.each([
    [
      'throws',
      () => {
        throw error
      },
    ],
    ['rejects', () => Promise.reject(error)],
    // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
    ['rejects as a thenable', () => ({ then: (_: unknown, no: (e: unknown) => void) => no(error) })],
  ])('marks the span when the function %s, and says nothing of its message', async (_, fn) => {
    const { traces } = start()
    const fails = traced('fails', fn as () => Promise<never>)

    await expect((async () => fails())()).rejects.toBe(error)
    expect(traces()[0]).toMatchObject({
      status: 'failed',
      spans: [{ status: 'failed', attributes: { 'error.type': 'EHOSTUNREACH' } }],
    })
    expect(JSON.stringify(traces())).not.toContain('hunter2')
  })

  it('hands on the very promise it was given, and ends with it', async () => {
    const { traces } = start()
    const { promise, resolve } = Promise.withResolvers<number>()
    const answer = traced('waits', () => promise)()

    expect(answer).toBe(promise)
    expect(traces()).toEqual([])
    resolve(1)
    await answer
    expect(traces()).toHaveLength(1)
  })

  it('asks a thenable once: it may do its work each time', async () => {
    start()
    let asked = 0
    // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
    const query = { then: (ok: (rows: number) => void) => ok(++asked) }

    expect(await traced('query', () => query as PromiseLike<number>)()).toBe(1)
    expect(asked).toBe(1)
  })

  it('survives attributes that fail', () => {
    const { traces } = start()
    const bad = traced('bad', () => 1, {
      attributes: () => {
        throw error
      },
    })

    expect(bad()).toBe(1)
    expect(traces()[0]?.spans[0]?.attributes).toEqual({})
  })

  it('asks what there is to say only for a span that is made', () => {
    start({ sample: 0 })
    let asked = 0
    const quiet = traced('quiet', () => {}, { attributes: () => ({ n: ++asked }) })
    quiet()

    expect(asked).toBe(0)
  })

  it('makes no span inside one that is not recorded', () => {
    const { traces } = start({ sample: 0 })
    const inner = traced('inner', () => trace.getActiveSpan())
    const [outside, inside] = traced('outer', () => [trace.getActiveSpan(), inner()])()

    expect(inside).toBe(outside)
    expect(inside?.isRecording()).toBe(false)
    expect(traces()).toEqual([])
  })

  it('makes none of its own either where the SDK is somebody else’s', () => {
    const sampler = new AlwaysOffSampler()
    trace.setGlobalTracerProvider(new TracerProvider({ sampler }))
    context.setGlobalContextManager(new AsyncLocalStorageContextManager())
    const inner = traced('inner', () => trace.getActiveSpan())
    const [outside, inside] = traced('outer', () => [trace.getActiveSpan(), inner()])()
    trace.disable()
    context.disable()

    expect(outside?.isRecording()).toBe(false)
    expect(inside).toBe(outside)
  })

  it('follows the SDK that is registered, whenever that is', async () => {
    const work = traced('work', () => trace.getActiveSpan()?.isRecording())
    expect(work()).toBeUndefined()
    const first = start()
    expect(work()).toBe(true)
    await first.shutdown()
    expect(work()).toBeUndefined()
    const second = start()
    work()

    expect(first.traces()).toHaveLength(1)
    expect(second.traces()).toHaveLength(1)
  })

  it('refuses what makes no sense', () => {
    const fn = () => {}
    expect(() => traced('', fn)).toThrow(/traced: name/)
    expect(() => traced('x', 1 as never)).toThrow(/traced: fn/)
    expect(() => traced('x', fn, { kind: 'sever' as never })).toThrow(/traced.kind/)
    expect(() => traced('x', fn, { attribute: {} } as object)).toThrow(/traced.attribute/)
    expect(() => traced('x', fn, null as never)).toThrow(/traced: options/)
  })

  it('works where OpenTelemetry is not installed', async () => {
    const door = pathToFileURL(join(import.meta.dirname, 'index.ts')).href
    const code = `
      import { registerHooks } from 'node:module'
      registerHooks({ resolve(name, context, next) {
        if (name.startsWith('@opentelemetry/')) throw Object.assign(new Error('not here'), { code: 'ERR_MODULE_NOT_FOUND' })
        return next(name, context)
      } })
      const { continueTrace, traced, traceHeaders, tracePolicies } = await import('${door}')
      const { wrap } = await import('@holdfast/policy')
      tracePolicies()
      const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
      const sent = await continueTrace({ traceparent }, traced('x', () => wrap()((call) => ({ ...call.headers }))))
      console.log(sent.traceparent === traceparent, traceHeaders())
    `
    const args = ['--conditions=@holdfast/source', '--input-type=module', '--eval', code]
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname })

    expect(stdout).toBe('true undefined\n')
  })
})
