import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePorts, holdfast, type RunningHoldfast, runningHoldfast } from './harness/running-holdfast.ts'

const script = join(import.meta.dirname, 'harness/one-log/model.ts')

/** Each where secrets turn up, in a shape of its own. */
const secrets = {
  header: 'hdrJ7qPz2LmXw9RtKc41',
  cookie: 'ckiV5nBs8QyTe3HdGf62',
  url: 'urlD8kFv6NhYo2EiSb05',
  key: 'sk-keyM4wZx7CrUa1JpLs93',
  body: 'bdyG3tRq9WmIc7XzPe18',
  question: 'sk-proj-qstK2bNv8XcLp5Wz',
  environment: 'envK6yLd1VuBn4OaHj27',
}

interface Line {
  readonly time: string
  readonly level: string
  readonly service: string
  readonly msg: string
  readonly type: string
  readonly correlation_id?: string
  readonly trace_id?: string
}

describe('the log of holdfast up --json', () => {
  let running: RunningHoldfast
  let gateway: number
  let control: number
  let traceId: string | null

  const all = (): Line[] => running.lines.map((line) => JSON.parse(line))
  const of = (id: string): Line[] => all().filter(({ correlation_id }) => correlation_id === id)
  const said = (id: string): string[] => of(id).map(({ service, level, msg }) => `${service} ${level} ${msg}`)
  const level = (...args: string[]) => holdfast(['log-level', ...args], running.folder)
  const ask = async (id: string): Promise<Response> => {
    const response = await fetch(
      `http://127.0.0.1:${gateway}/v1/chat/completions?access_token=${secrets.url}`,
      {
        method: 'POST',
        headers: {
          'x-correlation-id': id,
          'x-client-secret': secrets.header,
          authorization: `Bearer ${secrets.header}`,
          cookie: `session=${secrets.cookie}`,
        },
        body: JSON.stringify({
          model: 'default',
          messages: [{ role: 'user', content: `is ${secrets.question} a key?` }],
          login: { password: secrets.body },
        }),
      },
    )
    await response.text()
    return response
  }

  beforeAll(async () => {
    const [one, two, model] = (await freePorts(3)) as [number, number, number]
    gateway = one
    control = two
    running = await runningHoldfast(
      `
gateway: { listen: 127.0.0.1:${gateway} }
control: { listen: 127.0.0.1:${control} }
policies: { p: { preset: none } }
upstreams:
  broken: { url: "http://127.0.0.1:${model}/broken?api_key=${secrets.url}", key: ${secrets.key}, policy: p }
  model: { url: "http://127.0.0.1:${model}/v1", key: ${secrets.key}, policy: p }
chains: { default: [broken, model] }
services:
  model:
    command: [node, "--conditions=@holdfast/source", "${script}"]
    listen: 127.0.0.1:${model}
    ready: http:/health
    env: { DATABASE_PASSWORD: ${secrets.environment} }
`,
      control,
      ['--json'],
    )
    traceId = (await ask('first-one')).headers.get('x-trace-id')
    await running.line(/took over.*first-one/)
  }, 20_000)
  afterAll(() => running[Symbol.asyncDispose]())

  it('has the request under its correlation id in the lines of the edge and of the service', () => {
    expect(said('first-one').toSorted()).toEqual([
      'edge warn default: model took over',
      'model error cannot log in',
      'model info asked',
      'model info asked',
    ])
    expect(new Set(of('first-one').map(({ trace_id }) => trace_id))).toEqual(new Set([traceId]))
  })

  it('is one JSON object a line, with time, level, service, message and type', () => {
    for (const line of all()) {
      expect(line).toMatchObject({
        time: expect.stringMatching(/^\d{4}-.*Z$/),
        level: expect.stringMatching(/^(?:debug|info|warn|error)$/),
        service: expect.any(String),
        msg: expect.any(String),
        type: expect.any(String),
      })
    }
  })

  it.each(Object.entries(secrets))('has no line with the secret in the %s', (_, secret) => {
    expect(running.lines.filter((line) => line.includes(secret))).toEqual([])
    expect(running.lines.join('\n')).toContain('[redacted]')
  })

  it('tells more and less when it is told to', async () => {
    const put = await fetch(`http://127.0.0.1:${control}/api/v1/log-level`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ level: 'debug', service: 'edge' }),
    })
    const changed = await level('error', '--service', 'model', '--json')
    await ask('second-one')
    await Promise.all([running.line(/answered.*second-one/), running.line(/cannot log in.*second-one/)])

    expect(await put.json()).toEqual({ level: 'info', services: { edge: 'debug' } })
    expect(JSON.parse(changed.out)).toEqual({ level: 'info', services: { edge: 'debug', model: 'error' } })
    expect(said('second-one').toSorted()).toEqual([
      'edge info default: model answered',
      'model error cannot log in',
    ])
    expect(await level('default', '--service', 'model')).toEqual({
      code: 0,
      out: 'info\nedge: debug\n',
      err: '',
    })
  }, 15_000)

  it('says what there is where a level or a service is not known', async () => {
    const [loud, nobody] = await Promise.all([level('loud'), level('info', '--service', 'nobody')])

    expect(loud).toMatchObject({ code: 1, err: expect.stringContaining('there is trace, debug, info') })
    expect(nobody).toMatchObject({ code: 1, err: expect.stringContaining('there is model, edge') })
  }, 15_000)
})
