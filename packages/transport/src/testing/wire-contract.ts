import { type CallOptions, hedge, type Pipeline, retry, systemClock, timeout, wrap } from '@holdfast/policy'
import { withContext } from '@holdfast/policy/context'
import { classOfError } from '../failure.ts'
import type { Peer } from './peer-process.ts'

/** What the contract needs of a test runner; vitest's own functions fit. */
export interface WireSuite {
  describe(name: string, body: () => void): void
  it(name: string, body: () => Promise<void>): void
  afterAll(body: () => Promise<void>): void
  expect(actual: unknown): {
    toBe(expected: unknown): void
    toEqual(expected: unknown): void
    toMatchObject(expected: object): void
  }
}

/**
 * What the peer is asked to do:
 *
 * - `echo`: answer with `text`.
 * - `wait`: answer with `text` after `ms`.
 * - `count`: add one to what was done under `text`, where a kill of the peer cannot reach it, then answer with `text`.
 * - `hang`: add one likewise, and never answer.
 * - `cut`: add one likewise, begin to answer, and break the connection.
 * - `fail`: answer with a failure that means `text`, which is `throttled`, `transient` or `permanent`.
 * - `told`: answer with what came along, as JSON of an `Envelope`.
 */
export interface Ask {
  readonly does: 'echo' | 'wait' | 'count' | 'hang' | 'cut' | 'fail' | 'told'
  readonly text: string
  readonly ms?: number
}

export interface WireClient {
  /** One call. Answers with the peer's text, or rejects with what the wire makes of the failure. */
  ask(ask: Ask, options: WireAskOptions): Promise<string>
  /** Lets go of everything; what is under way rejects. */
  close(): Promise<void>
}

export interface WireAskOptions extends Pick<CallOptions, 'signal' | 'within'> {
  /** Whether it may be done twice. */
  readonly idempotent: boolean
}

/** A wire to be held to the contract, with a peer of its own. */
export interface WireUnderTest extends AsyncDisposable {
  /** Not started yet. */
  readonly peer: Peer
  /** A client of the peer under a pipeline, made whether or not the peer runs. */
  connect(pipeline: Pipeline): Promise<WireClient>
  /** How often something was done under that text, the times before a kill included. */
  done(text: string): Promise<number>
}

/** What a wire cannot do, and so need not. */
export interface WireLimits {
  /** Nothing can come along with a request. */
  readonly envelope?: false
  /** Its peer cannot refuse for now. */
  readonly throttles?: false
  /** Without a peer its calls wait for one, as long as they may, instead of failing. */
  readonly waitsForPeer?: true
  /** Its callers are given an answer before it is whole, so that one which breaks off is not asked for again. */
  readonly givesEarly?: true
}

/** As long as nothing that works takes, in ms: only what would hang otherwise comes near it. */
const patience = 5_000

/**
 * What every wire owes its users, as tests against a real peer that is late, slow, frozen, killed, and cuts in the middle.
 *
 * `make` gives a wire with a peer of its own, which serves one test after the other, or only the one that fails. Whoever writes a wire can run this on it.
 */
export function wireContract(
  name: string,
  make: () => Promise<WireUnderTest>,
  { describe, it, expect, afterAll, limits = {} }: WireSuite & { readonly limits?: WireLimits },
): void {
  let kept: WireUnderTest | undefined
  let runs = false

  /** The wire of all tests so far, unless one of them failed. */
  async function wireAtHand(): Promise<WireUnderTest> {
    if (kept !== undefined) return kept
    const { peer, ...wire } = await make()
    const watched: Peer = {
      async start() {
        await peer.start()
        runs = true
      },
      async kill() {
        await peer.kill()
        runs = false
      },
      freeze: () => peer.freeze(),
      thaw: () => peer.thaw(),
      [Symbol.asyncDispose]: () => peer[Symbol.asyncDispose](),
    }
    runs = false
    kept = { ...wire, peer: watched }
    return kept
  }

  async function letGo(): Promise<void> {
    const wire = kept
    kept = undefined
    await wire?.[Symbol.asyncDispose]()
  }

  /** One test with a peer that runs, or does not, and a client of it. */
  async function joined(
    pipeline: Pipeline,
    body: (client: WireClient, wire: WireUnderTest) => Promise<void>,
    start = true,
  ): Promise<void> {
    const wire = await wireAtHand()
    if (start && !runs) await wire.peer.start()
    if (!start && runs) await wire.peer.kill()
    const client = await wire.connect(pipeline)
    try {
      await body(client, wire)
    } catch (error) {
      await client.close()
      await letGo()
      throw error
    }
    await client.close()
  }

  const plain = (): Pipeline => wrap(timeout(patience))
  const stubborn = (): Pipeline =>
    wrap(timeout(4 * patience), retry({ attempts: 200, backoff: { initial: 10, max: 50 } }), timeout(2_000))
  const thrice = (): Pipeline => wrap(retry({ attempts: 3, backoff: { initial: 1, max: 1 } }), timeout(2_000))
  const once = { idempotent: false }
  const twice = { idempotent: true }
  /** For a call that is meant to run out of time. */
  const brief = { idempotent: false, within: 250 }
  const echo = (text: string): Ask => ({ does: 'echo', text })

  describe(`${name} keeps the contract of a wire: it`, () => {
    afterAll(letGo)

    it('answers, with whatever was said, also nothing and what is no ASCII', () =>
      joined(plain(), async (client) => {
        for (const text of ['hello', '', 'ü 漢字 🙂', 'x'.repeat(100_000)])
          expect(await client.ask(echo(text), once)).toBe(text)
      }))

    it('gives each of a hundred calls at once its own answer', () =>
      joined(plain(), async (client) => {
        const texts = Array.from({ length: 100 }, (_, at) => `call ${at}`)
        const asks = texts.map((text, at) => client.ask({ does: 'wait', text, ms: (at * 7) % 40 }, once))

        expect(await Promise.all(asks)).toEqual(texts)
      }))

    it('works as soon as its peer does, however late that is', () =>
      joined(
        plain(),
        async (client, { peer }) => {
          const early = await outcome(client.ask(echo('early'), limits.waitsForPeer ? brief : once))
          await peer.start()
          const late = await eventually(() => client.ask(echo('late'), once))

          expect(early).toMatchObject({ is: limits.waitsForPeer ? 'timeout' : 'unsent' })
          expect(late).toBe('late')
        },
        false,
      ))

    it('settles every call of a peer that is killed, and works again with the next, on the same client', () =>
      joined(plain(), async (client, { peer }) => {
        const hung = Array.from({ length: 20 }, (_, at) =>
          outcome(client.ask({ does: 'hang', text: `hung ${at}` }, once)),
        )
        await client.ask(echo('all have left'), once)
        await peer.kill()
        const settled = await Promise.all(hung)
        await peer.start()
        const after = await eventually(() => client.ask(echo('after'), once))

        for (const each of settled) expect(each).toMatchObject({ is: 'broken' })
        expect(after).toBe('after')
      }))

    it('is not held up by a peer that is frozen, and never takes a late answer for another', () =>
      joined(plain(), async (client, { peer }) => {
        await client.ask(echo('warm'), once)
        peer.freeze()
        const frozen = await Promise.all(
          [1, 2, 3].map((at) => outcome(client.ask(echo(`stale ${at}`), brief))),
        )
        peer.thaw()
        const thawed = []
        for (let at = 0; at < 10; at++)
          thawed.push(await eventually(() => client.ask(echo(`new ${at}`), once)))

        for (const each of frozen) expect(each).toMatchObject({ is: 'timeout' })
        expect(thawed).toEqual(Array.from({ length: 10 }, (_, at) => `new ${at}`))
      }))

    it('is not held up by a peer that is slow, and others are not held up with it', () =>
      joined(plain(), async (client) => {
        const slow = outcome(client.ask({ does: 'wait', text: 'slow', ms: 1_000 }, brief))
        const quick = await client.ask(echo('quick'), once)

        expect(quick).toBe('quick')
        expect(await slow).toMatchObject({ is: 'timeout' })
        expect(await client.ask(echo('next'), once)).toBe('next')
      }))

    it('never gives half an answer when it is cut in the middle', () =>
      joined(plain(), async (client) => {
        expect(await outcome(client.ask({ does: 'cut', text: 'c' }, once))).toMatchObject({ is: 'broken' })
        expect(await eventually(() => client.ask(echo('next'), once))).toBe('next')
      }))

    it('does once what may only be done once, however it fails, and again what may be done twice', () =>
      joined(thrice(), async (client, { done }) => {
        const cut = await outcome(client.ask({ does: 'cut', text: 'once' }, once))
        const many = await outcome(client.ask({ does: 'cut', text: 'thrice' }, twice))

        expect(cut).toMatchObject({ is: 'broken' })
        expect(await done('once')).toBe(1)
        expect(many).toMatchObject({ is: 'broken' })
        expect((await done('thrice')) > 1).toBe(limits.givesEarly !== true)
      }))

    it('does once what may only be done once, though its pipeline tries again what took too long, or hedges', async () => {
      const hasty = wrap(retry({ attempts: 3, backoff: { initial: 1, max: 1 } }), timeout(200))
      await joined(hasty, async (client, { done }) => {
        await client.ask(echo('warm'), once)
        await outcome(client.ask({ does: 'hang', text: 'hasty, once' }, once))
        await outcome(client.ask({ does: 'hang', text: 'hasty, twice' }, twice))

        expect(await done('hasty, once')).toBe(1)
        expect((await done('hasty, twice')) > 1).toBe(true)
      })
      await joined(wrap(hedge({ delay: 20, max: 2 }), timeout(250)), async (client, { done }) => {
        await client.ask(echo('warm'), once)
        await outcome(client.ask({ does: 'hang', text: 'hedged, once' }, once))
        await outcome(client.ask({ does: 'hang', text: 'hedged, twice' }, twice))

        expect(await done('hedged, once')).toBe(1)
        expect((await done('hedged, twice')) > 1).toBe(true)
      })
    })

    it('is served by a peer that was killed and came back while it tried again', () =>
      joined(stubborn(), async (client, { peer, done }) => {
        await client.ask(echo('warm'), once)
        await peer.kill()
        const asked = client.ask({ does: 'count', text: 'k' }, twice)
        await peer.start()

        expect(await asked).toBe('k')
        expect((await done('k')) > 0).toBe(true)
      }))

    it('lets its caller go at once, and nobody else', () =>
      joined(plain(), async (client) => {
        const leaving = new AbortController()
        const left = outcome(client.ask({ does: 'hang', text: 'left' }, { ...once, signal: leaving.signal }))
        const stays = client.ask({ does: 'wait', text: 'stays', ms: 50 }, once)
        leaving.abort()

        expect(await left).toMatchObject({ is: 'cancelled' })
        expect(await stays).toBe('stays')
      }))

    it('sends nothing for a caller who left before, or whose time is up', () =>
      joined(plain(), async (client, { done }) => {
        const gone = AbortSignal.abort()
        const left = await outcome(client.ask({ does: 'count', text: 'gone' }, { ...once, signal: gone }))
        const late = await withContext({ deadline: systemClock.now() - 1 }, () =>
          outcome(client.ask({ does: 'count', text: 'late' }, once)),
        )

        expect([left, late]).toMatchObject([{ is: 'cancelled' }, { is: 'timeout' }])
        await client.ask(echo('all have arrived'), once)
        expect([await done('gone'), await done('late')]).toEqual([0, 0])
      }))

    const failures = ['transient', 'permanent', ...(limits.throttles === false ? [] : ['throttled'])]
    it(`tells ${failures.join(', ')} failures of its peer apart`, () =>
      joined(plain(), async (client) => {
        for (const of of failures)
          expect(await outcome(client.ask({ does: 'fail', text: of }, once))).toMatchObject({ is: of })
        expect(await client.ask(echo('next'), once)).toBe('next')
      }))

    if (limits.envelope !== false) {
      it('takes trace, correlation and the time left along', () =>
        joined(plain(), async (client) => {
          const trace = {
            traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
            spanId: '00f067aa0ba902b7',
            sampled: true,
          }
          const told = await withContext(
            { trace, correlation: 'c-1', deadline: systemClock.now() + patience / 2 },
            () => client.ask({ does: 'told', text: '' }, once),
          )
          const { 'x-request-timeout-ms': left, ...rest } = JSON.parse(told) as Record<string, string>

          expect(rest).toMatchObject({
            traceparent: `00-${trace.traceId}-${trace.spanId}-01`,
            'x-correlation-id': 'c-1',
          })
          expect(Number(left) > 0 && Number(left) <= patience / 2).toBe(true)
        }))
    }

    it('settles what is under way when it is closed, and refuses what comes after', () =>
      joined(plain(), async (client) => {
        await client.ask(echo('warm'), once)
        const under = outcome(client.ask({ does: 'hang', text: 'under way' }, once))
        await client.close()

        expect((await under).is === 'answered').toBe(false)
        expect((await outcome(client.ask(echo('after'), once))).is === 'answered').toBe(false)
        await client.close()
      }))
  })

  interface Outcome {
    readonly is: string
    readonly what: unknown
  }

  /** How a call ended: answered, or the class of its failure in one word. */
  async function outcome(call: Promise<string>): Promise<Outcome> {
    try {
      return { is: 'answered', what: await call }
    } catch (error) {
      return { is: classOf(error), what: error }
    }
  }

  /** The first answer; a peer that just came back may be noticed a moment later. */
  async function eventually(ask: () => Promise<string>): Promise<string> {
    const until = systemClock.now() + 2 * patience
    for (;;) {
      const { is, what } = await outcome(ask())
      if (is === 'answered') return what as string
      if (systemClock.now() > until) throw what
      await new Promise<void>((resolve) => systemClock.after(5, resolve))
    }
  }
}

/** The class of a failure, in whatever way its wire tells it. */
function classOf(error: unknown): string {
  const { class: of, code } = Object(error) as { readonly class?: unknown; readonly code?: unknown }
  if (typeof of === 'string') return of
  if (code === 'TIMEOUT' || code === 'DEADLINE_PASSED') return 'timeout'
  return classOfError(error)
}
