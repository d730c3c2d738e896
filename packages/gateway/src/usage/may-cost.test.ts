import { fakeClock } from '@holdfast/policy/testing'
import { describe, expect, it } from 'vitest'
import { type ChatRequest, chatRequest } from '../chat-request.ts'
import { Client } from '../clients/client.ts'
import { mayCost } from './may-cost.ts'
import type { Tariff } from './tariff.ts'

const spendings = { spent: () => ({ micros: 0, inFlight: 0, until: undefined }) }
const client = new Client(
  'alice',
  { sha256: '', spend: { amount: 5, per: 'day' } },
  { clock: fakeClock(), spendings },
)
const tariff: Tariff = new Map([
  ['cheap', { model: 'x', price: { input: 1, output: 1 } }],
  ['dear', { model: 'y', price: { input: 0, output: 3 } }],
  ['unknown', { model: 'z', price: undefined }],
])
const asking = (said: string): ChatRequest => ({
  ...(chatRequest(`{"model":"m","messages":["xxxx"]${said}}`, {}) as ChatRequest),
  client,
})

describe('mayCost', () => {
  it.each([
    ['', 3_000],
    [',"max_tokens":2', 6],
    [',"max_tokens":0', 1],
    [',"max_tokens":50000,"n":2', 300_000],
    [',"max_tokens":9000000000000', 5_000_000],
    [',"n":1e999', 5_000_000],
  ])('is what the longest answer costs of the dearest link, up to the limit: %s', (said, micros) => {
    expect(mayCost(asking(said), tariff)).toBe(micros)
  })

  it('is nothing for a client without a limit, and where nothing has a price', () => {
    expect(mayCost({ ...asking(''), client: undefined }, tariff)).toBe(0)
    expect(mayCost(asking(''), new Map())).toBe(0)
  })
})
