import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePorts, holdfast, type RunningHoldfast, runningHoldfast } from './harness/running-holdfast.ts'

describe('holdfast traces', () => {
  let running: RunningHoldfast
  let control: number
  let address: string
  let answer: Response
  const run = (...args: string[]) => holdfast(['traces', ...args], running.folder)

  beforeAll(async () => {
    const [gateway, at, nobody] = await freePorts(3)
    control = at!
    address = `http://127.0.0.1:${gateway}/v1/chat/completions`
    running = await runningHoldfast(
      `
gateway: { listen: 127.0.0.1:${gateway} }
control: { listen: 127.0.0.1:${control} }
policies: { p: { preset: none } }
upstreams: { away: { url: "http://127.0.0.1:${nobody}", key: sk-secret, model: m1, policy: p } }
rules: [{ match: ., answer: later }]
chains: { default: [away, rules] }
`,
      control,
    )
    // Answered when tracing is on.
    await fetch(`http://127.0.0.1:${control}/api/v1/traces`)
    answer = await fetch(address, {
      method: 'POST',
      headers: { 'x-correlation-id': 'order-7' },
      body: JSON.stringify({ model: 'default', messages: [{ role: 'user', content: 'a private matter' }] }),
    })
    await answer.text()
  }, 20_000)
  afterAll(() => running[Symbol.asyncDispose]())

  it('lists the request, and shows the attempt that failed and who was asked next', async () => {
    const id = answer.headers.get('x-trace-id')!
    const [listed, shown] = await Promise.all([run(), run(id)])

    expect(listed).toMatchObject({ code: 0, err: '' })
    expect(listed.out).toMatch(
      new RegExp(`^\\S+Z {2}○ {2}POST /v1/chat/completions {2}[\\d.]+ ms {2}2 spans {2}${id} {2}order-7\n$`),
    )
    expect(shown).toMatchObject({ code: 0, err: '' })
    expect(shown.out).toMatch(
      new RegExp(`^trace ${id} {2}correlation order-7\n\n● POST /v1/chat/completions `),
    )
    expect(shown.out).toMatch(/\n {2}· chain\.next-link .*link=rules failed=away reason=unsent\n/)
    expect(shown.out).toMatch(/\n {2}○ chat m1 .*request\.model=m1.* error\.type=\S+\n/)
    expect(listed.out + shown.out).not.toMatch(/secret|private/)
  }, 15_000)

  it('tells the same as JSON, and says with 1 what is not kept', async () => {
    const id = answer.headers.get('x-trace-id')!
    const [list, one, none, many] = await Promise.all([
      run('--json', '--limit', '1'),
      run(id, '--json'),
      run('gone'),
      run('--limit', 'many'),
    ])

    expect(JSON.parse(list.out)).toMatchObject({ traces: [{ id, correlation: 'order-7', spans: 2 }] })
    expect(JSON.parse(one.out)).toMatchObject({ id, spans: [{ kind: 'server' }, { kind: 'client' }] })
    expect(none).toEqual({
      code: 1,
      out: '',
      err: "no trace 'gone' is kept: it may be too old, or not sampled; holdfast traces lists those there are\n",
    })
    expect(many).toMatchObject({ code: 1, err: expect.stringContaining('a whole number from 1 to 9999') })
  }, 15_000)

  it('is beside numbers on how many traces were complete, and how long spans took', async () => {
    const page = await (await fetch(`http://127.0.0.1:${control}/metrics`)).text()

    expect(page).toMatch(/^holdfast_traces_total\{outcome="complete"\} 1$/m)
    expect(page).toMatch(/^holdfast_trace_completion_ratio 1$/m)
    expect(page).toMatch(/^holdfast_span_duration_seconds_bucket\{le="\+Inf"\} 2$/m)
    expect(page).toMatch(/^holdfast_span_duration_seconds_sum 0\.\d+$/m)
  })

  it('keeps what failed though its client does not sample it', async () => {
    const id = 'a'.repeat(32)
    const unsampled = await fetch(address, {
      method: 'POST',
      headers: { traceparent: `00-${id}-${'b'.repeat(16)}-00` },
      body: JSON.stringify({ model: 'default', messages: [{ role: 'user', content: 'x' }] }),
    })
    await unsampled.text()

    expect((await run(id)).out).toContain('link=rules failed=away')
  })
})
