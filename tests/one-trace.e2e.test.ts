import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { beforeAll, describe, expect, it } from 'vitest'
import { type CollectedSpan, traceCollector } from './harness/trace-collector.ts'

const services = ['front', 'middle', 'back'] as const
type Service = (typeof services)[number]

/** Each where secrets turn up, in a shape of its own. */
const secrets = {
  header: 'hdrJ7qPz2LmXw9RtKc41',
  cookie: 'ckiV5nBs8QyTe3HdGf62',
  key: 'keyM4wZx7CrUa1JpLs93',
  url: 'urlD8kFv6NhYo2EiSb05',
  body: 'bdyG3tRq9WmIc7XzPe18',
  environment: 'envK6yLd1VuBn4OaHj27',
  error: 'errS9eXf5TgQw2MrCk36',
}

const environment = {
  PATH: process.env['PATH'],
  PROVIDER_API_KEY: secrets.environment,
  DATABASE_PASSWORD: secrets.error,
  DATABASE_URL: `postgres://app:${secrets.error}@database/answers`,
}
const remembered = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }
const traceparent = `00-${remembered.traceId}-${remembered.spanId}-01`

interface Line {
  readonly service: string
  readonly correlation_id: string
  readonly trace_id: string
  readonly span_id: string
  readonly msg: string
}

let spans: CollectedSpan[]
let sent: string
let logs: Record<Service, string>
let metrics: Record<Service, string>
let answers: Response[]

const lines = (service: Service): Line[] =>
  logs[service]
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

/** Spans below one, as `service name` with what is below them in turn. */
interface Tree {
  readonly [span: string]: Tree
}
const below = (parent: string): Tree =>
  Object.fromEntries(
    spans
      .filter(({ parentSpanId = '' }) => parentSpanId === parent)
      .map(({ service, name, status, spanId }) => [
        `${service} ${name}${status.code === 2 ? ` ${status.message}` : ''}`,
        below(spanId),
      ]),
  )

const journey = {
  'front POST': {
    'front respond': {
      'front asking': {
        'front answers.Answers/Ask': {
          'middle answers.Answers/Ask': {
            'middle working': {
              'middle work NO_LOGIN': { 'back work NO_LOGIN': {} },
              'middle work': { 'back work': {} },
            },
          },
        },
      },
    },
  },
}

beforeAll(async () => {
  await using collector = await traceCollector()
  const env = { ...environment, COLLECTOR: collector.url }
  const children = services.map((name) => {
    const child = fork(join(import.meta.dirname, `harness/one-trace/${name}.ts`), {
      execArgv: ['--conditions=@holdfast/source'],
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      env,
    })
    return { child, log: text(child.stdout!) }
  })
  try {
    const ports = await Promise.all(children.map(async ({ child }) => (await told(child, 'port')) as number))
    for (const [index, { child }] of children.slice(0, -1).entries()) child.send({ port: ports[index + 1] })
    answers = await Promise.all([
      ask(ports[0]!, { 'x-correlation-id': 'first-one' }),
      ask(ports[0]!, { 'x-correlation-id': 'other-one', traceparent }),
    ])
    const pages = await Promise.all(
      children.map(async ({ child }) => {
        const page = told(child, 'metrics')
        child.send({})
        return page as Promise<string>
      }),
    )
    const written = await Promise.all(children.map(({ log }) => log))
    logs = perService(written)
    metrics = perService(pages)
    spans = collector.spans()
    sent = collector.bodies.join('\n')
  } finally {
    for (const { child } of children) child.kill('SIGKILL')
  }
})

function perService(texts: readonly string[]): Record<Service, string> {
  const [front = '', middle = '', back = ''] = texts
  return { front, middle, back }
}

async function told(child: ChildProcess, what: string): Promise<unknown> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`a process ended with code ${code} before it told its ${what}`)
  })
  const [message] = await Promise.race([once(child, 'message'), ended])
  return message[what]
}

async function ask(port: number, headers: Record<string, string>): Promise<Response> {
  const response = await fetch(`http://127.0.0.1:${port}/answer?lang=en&access_token=${secrets.url}`, {
    method: 'POST',
    headers: {
      ...headers,
      authorization: `Bearer ${secrets.header}`,
      cookie: `session=${secrets.cookie}`,
      'x-api-key': secrets.key,
    },
    body: JSON.stringify({ question: 'why?', login: { user: 'anna', password: secrets.body } }),
  })
  expect(await response.json()).toEqual({ answer: 'an answer to why?' })
  return response
}

describe('a request through three processes', () => {
  it('is one trace, each span below the one that sent it', () => {
    const [root] = spans.filter(({ parentSpanId }) => !parentSpanId)

    expect(below('')).toEqual(journey)
    expect(answers[0]?.headers.get('x-trace-id')).toBe(root?.traceId)
    expect(spans.filter(({ traceId }) => traceId === root?.traceId)).toHaveLength(10)
  })

  it('is part of the trace that it came with, though another is on its way', () => {
    expect(below(remembered.spanId)).toEqual(journey)
    expect(answers[1]?.headers.get('x-trace-id')).toBe(remembered.traceId)
    expect(spans.filter(({ traceId }) => traceId === remembered.traceId)).toHaveLength(10)
    expect(spans).toHaveLength(20)
  })

  it('tells on the span of the policy which attempts it took, and what failed, without saying how', () => {
    for (const span of spans.filter(({ name }) => name === 'working')) {
      expect(span.events.map(({ name }) => name)).toEqual(['attempt', 'retry.waited', 'attempt'])
      expect(JSON.stringify(span.events[1])).toContain('NO_LOGIN')
    }
  })

  it.each(['first-one', 'other-one'])('is found by its correlation id %s in the logs of all three', (id) => {
    const found = services.map((name) => lines(name).filter(({ correlation_id }) => correlation_id === id))

    expect(found.map((each) => each.map(({ msg }) => msg.split(/[ :]/)[0]))).toEqual([
      ['asked'],
      ['called', 'attempt'],
      ['at', 'the', 'at'],
    ])
    expect(found.flat().map(({ service }) => service)).toEqual([
      'front',
      ...['middle', 'middle'],
      ...['back', 'back', 'back'],
    ])
    expect(new Set(found.flat().map(({ trace_id }) => trace_id)).size).toBe(1)
    const known = new Set(
      spans.filter(({ traceId }) => traceId === found[0]?.[0]?.trace_id).map(({ spanId }) => spanId),
    )
    const unknown = found.flat().filter(({ span_id }) => !known.has(span_id))
    expect(unknown).toEqual([])
    expect(answers.map(({ headers }) => headers.get('x-correlation-id'))).toContain(id)
  })

  it.each(Object.entries(secrets))(
    'keeps the secret in its %s out of logs, traces and metrics',
    (_, secret) => {
      const all = {
        ...logs,
        sent,
        ...Object.fromEntries(services.map((name) => [`${name} metrics`, metrics[name]])),
      }

      expect(Object.keys(all).filter((where) => all[where as keyof typeof all]?.includes(secret))).toEqual([])
    },
  )

  it('says in each log that there was something to keep out, and counts all the same', () => {
    for (const service of services) expect(logs[service]).toContain('[redacted]')
    expect(logs.front).toContain('"user":"anna"')
    expect(logs.back).toContain('no login to')
    expect(sent).toContain('lang=en')
    expect(metrics.front).toContain('holdfast_policy_calls_total{policy="asking",outcome="success"} 2')
    expect(metrics.middle).toContain('holdfast_policy_calls_total{policy="working",outcome="success"} 2')
    for (const service of services) expect(metrics[service]).toContain('"completionRate":1')
  })
})
