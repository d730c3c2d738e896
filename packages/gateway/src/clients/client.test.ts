import { rateLimit, wrap } from '@holdfast/policy'
import { fakeClock } from '@holdfast/policy/testing'
import { describe, expect, it } from 'vitest'
import { type ChatRequest, chatRequest } from '../chat-request.ts'
import type { Spendings } from '../usage/spending.ts'
import { Client } from './client.ts'
import type { ClientOptions } from './client-options.ts'

const request = chatRequest(
  '{"model":"m","max_tokens":90,"messages":[{"content":"xxxx"}]}',
  {},
) as ChatRequest

const client = (limits: Partial<ClientOptions>, spendings?: Spendings): Client =>
  new Client('alice', { sha256: '', ...limits }, { clock: fakeClock(), spendings })

describe('Client', () => {
  it('uses up nothing of any limit for a request that another limit refuses (I1)', async () => {
    let micros = 2_000_000
    const spendings: Spendings = { spent: () => ({ micros, inFlight: 0, until: undefined }) }
    const of = client(
      {
        requests: { limit: 3, per: 60_000 },
        tokens: { limit: 100, per: 60_000 },
        concurrent: 2,
        spend: { amount: 1, per: 'total' },
      },
      spendings,
    )
    const before = of.standings().tokens?.left
    const refusals = async () => (await of.admit(request, async () => 1))?.limit
    expect(await refusals()).toBe('spend')
    micros = 0
    const held = Promise.withResolvers<number>()
    const first = of.admit(request, () => held.promise)
    expect(await refusals()).toBe('tokens')
    expect(of.standings()).toMatchObject({ requests: { left: 2 }, tokens: { left: before! - 93 } })
    held.resolve(93)
    await first

    expect(of.admitted).toBe(1)
    expect(of.refused).toEqual({ requests: 0, tokens: 1, concurrent: 0, spend: 1 })
  })

  it('is free again whatever becomes of the work (I2), and hands on what that failed with', async () => {
    const of = client({ concurrent: 1, tokens: { limit: 100, per: 60_000 } })
    for (const error of [new Error('broken'), undefined])
      await expect(of.admit(request, () => Promise.reject(error))).rejects.toBe(error)

    expect(of.standings().tokens?.left).toBe(100)
    expect(await of.admit(request, async () => 50)).toBeUndefined()
    expect(of.standings().tokens?.left).toBe(50)
  })

  it('refuses for good what alone is more than the whole limit, and nothing that fits', async () => {
    const waitOf = async (tokens: number): Promise<unknown> => {
      const of = client({ tokens: { limit: tokens, per: 60_000 } })
      const excess = await of.admit(request, async () => 1)
      return excess?.limit === 'tokens' ? excess.wait : excess
    }

    // Its prompt is taken for three tokens.
    expect([await waitOf(2), await waitOf(3), await waitOf(93)]).toEqual([Infinity, undefined, undefined])
  })

  it('does not take a refusal that came from further in for its own', async () => {
    const of = client({ requests: { limit: 5, per: 60_000 } })
    const inner = wrap(rateLimit({ limit: 1, per: 60_000 }))
    await inner(() => 1)

    await expect(of.admit(request, () => inner(() => 1))).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    expect(of.refused.requests).toBe(0)
  })

  it('takes an estimate for true where nobody knows what a request took', async () => {
    const of = client({ tokens: { limit: 100, per: 60_000 } })
    await of.admit(request, async () => undefined)

    expect(of.standings().tokens?.left).toBe(7)
  })

  it('cannot have a limit of spend that nobody holds', () => {
    expect(() => client({ spend: { amount: 1, per: 'day' } })).toThrow(/'alice' has a limit of spend/)
  })
})
