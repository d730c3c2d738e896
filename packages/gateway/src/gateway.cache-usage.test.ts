import { hash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fakeClock } from '@holdfast/policy/testing'
import { expect, it } from 'vitest'
import { ask, fakeProvider, gatewayServer, quickPolicy } from './testing/index.ts'
import { Ledger } from './usage/ledger.ts'
import { readUsage } from './usage/read-usage.ts'

it('a kept answer is an answer in the ledger that took and cost nothing, and takes no tokens of its client', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-cache-usage-'))
  const file = join(folder, 'usage.sqlite')
  const ledger = new Ledger({ file })
  await using provider = await fakeProvider()
  provider.always({ does: 'answer', usage: true })
  const door = await gatewayServer({
    upstreams: { model: { dialect: 'openai', url: provider.url, policy: quickPolicy } },
    chains: { default: { links: ['model'], cache: { for: 60_000 } } },
    prices: { model: { input: 1, output: 2 } },
    clients: { alice: { sha256: hash('sha256', 'a', 'hex'), tokens: { limit: 1_000, per: 60_000 } } },
    ledger,
    clock: fakeClock(),
  })
  const init = {
    headers: { authorization: 'Bearer a' },
    body: '{"model":"default","max_tokens":50,"messages":[{"role":"user","content":"hi"}]}',
  }
  const left: (string | null)[] = []
  for (let nth = 0; nth < 5; nth++)
    left.push((await ask(door.url, {}, init)).headers.get('x-ratelimit-remaining-tokens'))
  await Promise.all([1, 2, 3].map(() => ask(door.url, {}, { ...init, body: init.body.replace('hi', 'ho') })))
  left.push((await ask(door.url, {}, init)).headers.get('x-ratelimit-remaining-tokens'))
  ledger.close()
  await door[Symbol.asyncDispose]()

  const { rows } = readUsage(file, { by: ['client', 'link'] })
  expect(
    rows.map(({ client, link, answers, input, output, cost }) => [
      client,
      link,
      answers,
      input,
      output,
      cost,
    ]),
  ).toEqual([
    ['alice', 'cache', 7, 0, 0, 0],
    ['alice', 'model', 2, 10, 24, expect.toSatisfy((cost: number) => cost > 0)],
  ])
  expect(provider.received).toHaveLength(2)
  rmSync(folder, { recursive: true })
  expect(new Set(left.slice(1, 5)).size).toBe(1)
  expect(Number(left[4]) - Number(left[5])).toBe(5 + 12)
})
