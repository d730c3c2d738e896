import { hash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ask, fakeProvider, gatewayServer, quickPolicy } from '@holdfast/gateway/testing'
import { Ledger } from '@holdfast/gateway/usage'
import { expect, it } from 'vitest'

const secret = 'a-secret-of-alice'
const usage = { prompt_tokens: 5, completion_tokens: 50_000 }
const long = JSON.stringify({
  choices: [{ index: 0, message: { content: 'long' }, finish_reason: 'stop' }],
  usage,
})

/* A long answer costs half of the limit, and fifty who come at once have two of them. */
it.each([
  ['in a chain', undefined],
  ['in a chain that looks on the disk first', { for: 60_000, keep: 'disk' }],
] as const)('a crowd that allows long answers spends no more than its client may, %s', async (_, cache) => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-crowd-'))
  const ledger = new Ledger({ file: join(folder, 'usage.sqlite') })
  await using provider = await fakeProvider()
  await using door = await gatewayServer({
    upstreams: { a: { dialect: 'openai', url: provider.url, policy: quickPolicy } },
    chains: { default: { links: ['a'], cache } },
    cache: { folder: join(folder, 'answers') },
    prices: { a: { input: 0, output: 10 } },
    clients: { alice: { sha256: hash('sha256', secret, 'hex'), spend: { amount: 1, per: 'day' } } },
    ledger,
  })
  provider.always({ does: 'say', headers: { 'content-type': 'application/json' }, bytes: [long] })
  const headers = { authorization: `Bearer ${secret}` }
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, seed) => ask(door.url, { seed, max_tokens: 50_000 }, { headers })),
  )
  await Promise.all(answers.map((each) => each.text()))

  expect(provider.received).toHaveLength(2)
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(48)
  expect(ledger.read({ by: [] }).rows[0]!.cost).toBe(1)
  ledger.close()
  await door.gateway.close()
  rmSync(folder, { recursive: true })
})
