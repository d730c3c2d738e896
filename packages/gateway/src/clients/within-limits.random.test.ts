import { hash } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { fakeClock, seededRandom } from '@holdfast/policy/testing'
import { describe, expect, it } from 'vitest'
import { ask, type Behaviour, fakeProvider, gatewayServer, quickPolicy } from '../testing/index.ts'

const secret = 'hf-the-secret-of-alice'
const headers = { authorization: `Bearer ${secret}` }
const behaviours: readonly Behaviour[] = [
  { does: 'answer' },
  { does: 'answer', usage: true },
  { does: 'refuse', status: 400 },
  { does: 'refuse', status: 500 },
  { does: 'reset' },
  { does: 'cut', after: 3 },
  { does: 'garble', after: 2 },
  { does: 'stall' },
  { does: 'stall', after: 2 },
]
const workers = 5

describe('withinLimits', () => {
  it('loses no place and no token, however 200 requests end and whenever their clients leave', async () => {
    const random = seededRandom(11)
    const policy = { ...quickPolicy, retry: { attempts: 1 } }
    await using held = new AsyncDisposableStack()
    const providers = await Promise.all(Array.from({ length: workers }, () => fakeProvider()))
    for (const provider of providers) held.use(provider)
    const each = <T>(of: (n: number) => T) => Object.fromEntries(providers.map((_, n) => [`w${n}`, of(n)]))
    await using door = await gatewayServer({
      upstreams: each((n) => ({ dialect: 'openai', url: providers[n]!.url, policy })),
      chains: each((n) => [`w${n}`]),
      clients: {
        alice: {
          sha256: hash('sha256', secret, 'hex'),
          tokens: { limit: 10_000_000, per: 60_000 },
          // One of which the client has just gone away may still be on its way out.
          concurrent: 2 * workers,
        },
      },
      clock: fakeClock(),
    })
    const statuses = new Set<number>()
    const request = async (n: number): Promise<void> => {
      const provider = providers[n]!
      const stream = random() < 0.5
      const behaviour = behaviours[Math.floor(random() * behaviours.length)]!
      const { does } = behaviour
      const leaving = new AbortController()
      provider.next(behaviour)
      const seen = provider.seen(provider.received.length + 1)
      const body = { stream, max_tokens: 10_000, model: `w${n}` }
      const answer = ask(door.url, body, { headers, signal: leaving.signal })
      const over = answer.then(async (response) => {
        statuses.add(response.status)
        await response.text()
      })
      const settled = over.catch(() => undefined)
      // On a clock that stands still nobody is late, and nobody comes back after a moment: only its client can end it.
      if (does === 'stall' || does === 'cut' || does === 'garble') {
        await seen
        for (let turns = random() * 200; turns > 0; turns--) await turn()
        leaving.abort()
      }
      await settled
    }
    await Promise.all(
      providers.map(async (_, n) => {
        for (let nth = 0; nth < 40; nth++) await request(n)
      }),
    )
    await expect.poll(() => door.gateway.status().inFlight).toBe(0)
    for (const provider of providers) provider.always({ does: 'stall', after: 1 })
    const leaving = new AbortController()
    const asking = { model: 'w0', stream: true, max_tokens: 0 }
    const asked = Array.from({ length: 2 * workers }, () =>
      ask(door.url, asking, { headers, signal: leaving.signal }),
    )
    const places = await Promise.all(asked)
    const oneMore = await ask(door.url, asking, { headers })
    const left = places.map((response) => Number(response.headers.get('x-ratelimit-remaining-tokens')))

    expect([...statuses].toSorted((a, b) => a - b)).toEqual([200, 400, 503])
    expect(places.map(({ status }) => status)).toEqual(Array(2 * workers).fill(200))
    expect(oneMore.status).toBe(429)
    // One reservation that was not settled would be 10,000; an answer takes some thirty.
    expect(Math.min(...left)).toBeGreaterThan(10_000_000 - 9_000)
    leaving.abort()
  })
})
