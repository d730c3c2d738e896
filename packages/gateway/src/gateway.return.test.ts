import { type FakeClock, fakeClock } from '@holdfast/policy/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { ask, type FakeProvider, fakeProvider, type GatewayServer, gatewayServer } from './testing/index.ts'
import type { UpstreamPolicy } from './upstream.ts'

const down = { does: 'refuse', status: 503 } as const
const minute = 60_000

describe('the return to a primary', () => {
  const opened: AsyncDisposable[] = []
  afterEach(async () => {
    for (const each of opened.splice(0).reverse()) await each[Symbol.asyncDispose]()
  })
  /** A gateway whose primary is down, with a breaker that has just opened. */
  const rig = async (
    breaker: UpstreamPolicy['breaker'] = {},
  ): Promise<{ door: GatewayServer; primary: FakeProvider; clock: FakeClock }> => {
    const clock = fakeClock()
    const primary = await fakeProvider('primary')
    const spare = await fakeProvider('spare')
    const policy = { retry: { attempts: 1 }, breaker }
    const door = await gatewayServer({
      upstreams: {
        primary: { dialect: 'openai', url: primary.url, policy },
        spare: { dialect: 'openai', url: spare.url, policy },
      },
      chains: { default: ['primary', 'spare'] },
      clock,
    })
    opened.push(primary, spare, door)
    primary.always(down)
    expect(await failedFirst(door, 12)).toBe(5)
    return { door, primary, clock }
  }
  /** How many of so many requests, one after the other, had to wait for the primary to fail; all of them are answered. */
  const failedFirst = async ({ url }: GatewayServer, requests: number): Promise<number> => {
    let failed = 0
    for (let request = 0; request < requests; request++) {
      const response = await ask(url)
      await response.text()
      expect(response.status).toBe(200)
      if (response.headers.get('x-holdfast-failed')?.includes('transient')) failed++
    }
    return failed
  }
  const answeredBy = async ({ url }: GatewayServer): Promise<string | null> => {
    const response = await ask(url)
    await response.text()
    return response.headers.get('x-holdfast-link')
  }

  it('takes two probes that succeed, while the others stay where they are', async () => {
    const { door, primary, clock } = await rig()
    const before = primary.received.length
    primary.always({ does: 'answer' })
    expect(await answeredBy(door)).toBe('spare')
    await clock.advance(minute)
    const first = await Promise.all(Array.from({ length: 20 }, () => answeredBy(door)))

    expect(first.filter((link) => link === 'primary').length).toBeGreaterThanOrEqual(1)
    await answeredBy(door)
    const back = await Promise.all(Array.from({ length: 20 }, () => answeredBy(door)))
    expect(new Set(back)).toEqual(new Set(['primary']))
    expect(primary.received.length).toBeGreaterThan(before)
  })

  it.each([
    { successes: undefined, perFlap: 1 },
    { successes: 1, perFlap: 5 },
  ])(
    'costs $perFlap of twelve requests a failed attempt where it answers once and dies again, with successes: $successes',
    async ({ successes, perFlap }) => {
      const { door, primary, clock } = await rig(successes === undefined ? {} : { successes })
      for (let flap = 0; flap < 2; flap++) {
        await clock.advance(minute)
        primary.next({ does: 'answer' })
        expect(await failedFirst(door, 12)).toBe(perFlap)
      }
    },
  )

  it('costs one request of a minute while it stays dead', async () => {
    const { door, primary, clock } = await rig()
    for (let probe = 0; probe < 2; probe++) {
      await clock.advance(minute)
      expect(await failedFirst(door, 12)).toBe(1)
    }
    expect(primary.received).toHaveLength(7)
  })
})
