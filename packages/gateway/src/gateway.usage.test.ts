import { hash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { ClientOptions } from './clients/client-options.ts'
import type { GatewayOptions } from './gateway.ts'
import {
  ask,
  askStream,
  fakeAnswer,
  fakeAnthropic,
  fakeProvider,
  type GatewayServer,
  gatewayServer,
  quickPolicy,
} from './testing/index.ts'
import { Ledger } from './usage/ledger.ts'

const words = fakeAnswer.split(' ').length
const prices = { a: { input: 1, output: 100 }, b: { input: 2, output: 200 } }
const secret = 'a-secret-of-alice'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A gateway with two providers and a ledger. */
const served = async (more: Partial<GatewayOptions> = {}) => {
  const stack = new AsyncDisposableStack()
  const a = stack.use(await fakeProvider('model-a'))
  const b = stack.use(await fakeProvider('model-b'))
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-usage-'))
  folders.push(folder)
  const ledger = stack.adopt(new Ledger({ file: join(folder, 'usage.sqlite') }), (each) => each.close())
  const upstream = { dialect: 'openai', policy: quickPolicy } as const
  const door = stack.use(
    await gatewayServer({
      upstreams: { a: { ...upstream, url: a.url }, b: { ...upstream, url: b.url } },
      chains: { default: ['a', 'b'] },
      prices,
      ledger,
      ...more,
    }),
  )
  const rows = () => ledger.read({ by: ['client', 'chain', 'link', 'model'] }).rows
  return { a, b, door, ledger, rows, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

const told = { input: 5, output: words, cached: 0, written: 0 }
const none = { attempts: 0, input: 0, output: 0, cost: 0 }
const cost = (link: 'a' | 'b', output = words, input = 5): number =>
  (input * prices[link].input + output * prices[link].output) / 1_000_000

describe('the usage of a gateway', () => {
  it('is what a provider told of an answer in one piece', async () => {
    await using it = await served()
    await (await ask(it.door.url)).json()
    await (await ask(it.door.url)).json()

    expect(it.rows()).toEqual([
      {
        ...{ client: '', chain: 'default', link: 'a', model: 'default', answers: 2 },
        ...{ input: 10, output: 2 * words, cached: 0, written: 0, cost: 2 * cost('a') },
        wasted: none,
        estimated: 0,
        priced: true,
      },
    ])
  })

  it('is what a provider told of a stream, though its client did not ask, and does not see it', async () => {
    await using it = await served()
    it.a.always({ does: 'answer', usage: true })
    const unasked = await askStream(it.door.url)
    const asked = await askStream(it.door.url, { stream_options: { include_usage: true } })

    expect([unasked.done, unasked.text]).toEqual([true, fakeAnswer])
    expect(unasked.raw).not.toContain('prompt_tokens')
    expect(asked.raw).toContain('prompt_tokens')
    expect(it.a.received.map(({ body }) => body['stream_options'])).toEqual([
      { include_usage: true },
      { include_usage: true },
    ])
    expect(it.rows()).toMatchObject([{ answers: 2, ...told, input: 10, output: 2 * words, estimated: 0 }])
  })

  it('leaves a stream alone where nobody has to pay', async () => {
    await using it = await served({ prices: {} })
    await askStream(it.door.url)

    expect(it.a.received[0]!.body).not.toHaveProperty('stream_options')
    expect(it.rows()).toMatchObject([
      { answers: 1, output: Math.ceil(fakeAnswer.length / 4), estimated: 1, priced: false, cost: 0 },
    ])
  })

  it('asks a provider once only that does not know how to tell it', async () => {
    await using it = await served({ chains: { default: ['a'] } })
    const error = { error: { message: "Extra inputs are not permitted: 'stream_options'", type: 'invalid' } }
    it.a.next({ does: 'refuse', status: 422, error })
    const first = await askStream(it.door.url)
    const second = await askStream(it.door.url)

    expect([first.text, second.text]).toEqual([fakeAnswer, fakeAnswer])
    expect(it.a.received.map(({ body }) => 'stream_options' in body)).toEqual([true, false, false])
    expect(it.rows()).toMatchObject([{ answers: 2, estimated: 2, wasted: none }])
  })

  it('has the tokens of Anthropic’s wire, whatever its client speaks', async () => {
    await using anthropic = await fakeAnthropic()
    const claude = { dialect: 'anthropic', url: anthropic.url, key: 'key', policy: quickPolicy } as const
    await using it = await served({ upstreams: { a: claude }, chains: { default: ['a'] } })
    const stream = await askStream(it.door.url)
    await (await ask(it.door.url)).json()

    expect(stream.raw).not.toContain('prompt_tokens')
    expect(it.rows()).toMatchObject([{ answers: 2, input: 16, cached: 6, output: 24, estimated: 0 }])
  })

  it('charges nobody for an attempt that broke off, and shows what it wasted', async () => {
    await using it = await served()
    it.a.always({ does: 'cut', after: 4 })
    it.b.always({ does: 'answer', usage: true })
    const { text, done } = await askStream(it.door.url)

    expect([text, done]).toEqual([fakeAnswer, true])
    const [a, b] = it.rows()
    expect(a).toMatchObject({ link: 'a', answers: 0, output: 0, cost: 0, estimated: a!.wasted.attempts })
    expect(a!.wasted.output).toBeGreaterThanOrEqual(4 * a!.wasted.attempts)
    expect(a!.wasted.cost).toBeCloseTo(cost('a', a!.wasted.output, a!.wasted.input), 9)
    expect(b).toMatchObject({ link: 'b', answers: 1, ...told, cost: cost('b'), wasted: none })
  })

  it('charges nobody for refusals, and has nothing of them', async () => {
    await using it = await served()
    it.a.always({ does: 'refuse', status: 503 })
    await (await ask(it.door.url)).json()

    expect(it.rows()).toMatchObject([{ link: 'b', answers: 1 }])
  })

  it('charges a client that goes away for what it has', async () => {
    await using it = await served({ chains: { default: ['a'] } })
    it.a.always({ does: 'stall', after: 4 })
    const leaving = new AbortController()
    const response = await ask(it.door.url, { stream: true }, { signal: leaving.signal })
    await response.body!.getReader().read()
    leaving.abort()
    await it.a.received[0]!.left
    await closed(it.door)

    expect(it.rows()).toMatchObject([{ answers: 1, estimated: 1, wasted: none }])
    expect(it.rows()[0]!.output).toBeGreaterThan(0)
  })

  it('counts answers of the cache and of rules as free', async () => {
    await using it = await served({
      chains: { default: { links: ['a'], cache: { for: 60_000 } }, ruled: ['rules'] },
      rules: [{ match: /fox/, answer: 'It jumps.' }],
    })
    await (await ask(it.door.url)).json()
    await (await ask(it.door.url)).json()
    await (await ask(it.door.url, { model: 'ruled' })).json()

    expect(it.rows()).toMatchObject([
      { chain: 'default', link: 'a', answers: 1, cost: cost('a') },
      { chain: 'default', link: 'cache', answers: 1, cost: 0, priced: true, estimated: 0 },
      { chain: 'ruled', link: 'rules', answers: 1, cost: 0, priced: true, estimated: 0 },
    ])
  })

  it('charges nobody for a hedge that lost', async () => {
    await using it = await served({ chains: { default: { links: ['a', 'b'], hedge: { after: 20 } } } })
    it.a.always({ does: 'stall' })
    it.b.always({ does: 'answer', usage: true })
    await askStream(it.door.url)

    expect(it.rows()).toMatchObject([
      { link: 'a', answers: 0, cost: 0, wasted: { attempts: 1, output: 0 }, estimated: 1 },
      { link: 'b', answers: 1, ...told, cost: cost('b'), wasted: none },
    ])
    expect(it.rows()[0]!.wasted.cost).toBeGreaterThan(0)
  })

  it('is there for a stream of responses', async () => {
    await using provider = await fakeProvider()
    const a = { dialect: 'openai', url: provider.url, responses: true, policy: quickPolicy } as const
    await using it = await served({ upstreams: { a }, chains: { default: ['a'] } })
    const event = (json: { readonly type: string; readonly [more: string]: unknown }): string =>
      `event: ${json.type}\ndata: ${JSON.stringify(json)}\n\n`
    const usage = { input_tokens: 7, output_tokens: 9, input_tokens_details: { cached_tokens: 3 } }
    provider.next({
      does: 'say',
      bytes: [
        event({ type: 'response.created', response: {} }),
        event({ type: 'response.output_text.delta', delta: 'It jumps.' }),
        event({ type: 'response.completed', response: { status: 'completed', usage } }),
      ],
    })
    const response = await fetch(`${it.door.url}/v1/responses`, {
      method: 'POST',
      body: JSON.stringify({ model: 'default', input: 'fox', stream: true }),
    })
    await response.text()

    expect(it.rows()).toMatchObject([{ answers: 1, input: 7, cached: 3, output: 9, estimated: 0 }])
  })

  it('is there for embeddings', async () => {
    await using it = await served({ chains: { default: ['a'] } })
    const say = (json: object): void =>
      it.a.next({
        does: 'say',
        headers: { 'content-type': 'application/json' },
        bytes: [JSON.stringify(json)],
      })
    say({ object: 'list', data: [], usage: { prompt_tokens: 8, total_tokens: 8 } })
    const response = await fetch(`${it.door.url}/v1/embeddings`, {
      method: 'POST',
      body: JSON.stringify({ model: 'default', input: 'fox' }),
    })
    await response.json()

    expect(it.rows()).toMatchObject([{ answers: 1, input: 8, output: 0, estimated: 0, cost: 8e-6 }])
  })

  it('keeps clients apart, and stops one that has spent what it may', async () => {
    const spend = { amount: cost('a') * 1.5, per: 'day' } as const
    const clients: Record<string, ClientOptions> = { alice: { sha256: hash('sha256', secret, 'hex'), spend } }
    await using it = await served({ clients })
    const headers = { authorization: `Bearer ${secret}` }
    const statuses: number[] = []
    for (let nth = 0; nth < 3; nth++) {
      const response = await ask(it.door.url, { max_tokens: 1 }, { headers })
      statuses.push(response.status)
      const body = JSON.stringify(await response.json())
      if (response.status !== 200) expect(body).toContain("The client 'alice' may spend")
    }

    expect(statuses).toEqual([200, 200, 429])
    expect(it.rows()).toMatchObject([{ client: 'alice', answers: 2 }])
  })

  it('lets in no more of a crowd than a client can pay for', async () => {
    const spend = { amount: cost('a') * 1.5, per: 'total' } as const
    await using it = await served({ clients: { alice: { sha256: hash('sha256', secret, 'hex'), spend } } })
    const asking = Array.from({ length: 50 }, () =>
      ask(it.door.url, {}, { headers: { authorization: `Bearer ${secret}` } }),
    )
    const answers = await Promise.all(asking)
    await Promise.all(answers.map((each) => each.text()))

    expect(it.a.received).toHaveLength(answers.filter(({ status }) => status === 200).length)
    expect(it.rows()[0]!.cost).toBeLessThan(3 * cost('a'))
  })

  it('goes on answering where the ledger cannot be opened', async () => {
    const ledger = new Ledger({ file: '/dev/null/usage.sqlite' })
    await using it = await served({ ledger })
    const response = await ask(it.door.url)

    expect(response.status).toBe(200)
    expect(ledger.flush()).toBe(false)
    ledger.close()
  })

  it('tells in metrics what links cost, and what was wasted', async () => {
    await using it = await served()
    it.a.next({ does: 'cut', after: 4 })
    await askStream(it.door.url)
    const families = it.door.gateway.families()
    const of = (name: string) => families.find((family) => family.name === name)?.samples

    expect(of('holdfast_gateway_cost_total')).toEqual([
      { labels: { chain: 'default', link: 'a', spent_on: 'answers' }, value: expect.any(Number) },
      { labels: { chain: 'default', link: 'a', spent_on: 'waste' }, value: expect.any(Number) },
      { labels: { chain: 'default', link: 'b', spent_on: 'answers' }, value: 0 },
      { labels: { chain: 'default', link: 'b', spent_on: 'waste' }, value: 0 },
    ])
  })
})

/** Resolves when nothing is being answered. */
async function closed({ gateway }: GatewayServer): Promise<void> {
  while (gateway.status().inFlight > 0) await new Promise((resolve) => setImmediate(resolve))
}
