import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ask, fakeProvider, gatewayServer, quickPolicy } from '@holdfast/gateway/testing'
import { Ledger } from '@holdfast/gateway/usage'
import { expect, it } from 'vitest'

it.each([
  ['a stream that is kept back', { stream: true }, { 'x-holdfast-stream': 'buffered' }, 4],
  ['an answer in one piece', {}, {}, 0],
] as const)('who leaves %s pays for its prompt and for what had come', async (_, body, headers, after) => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-leaving-'))
  const ledger = new Ledger({ file: join(folder, 'usage.sqlite') })
  await using provider = await fakeProvider()
  await using door = await gatewayServer({
    upstreams: { a: { dialect: 'openai', url: provider.url, policy: quickPolicy } },
    chains: { default: ['a'] },
    ledger,
  })
  provider.always({ does: 'stall', after })
  const leaving = new AbortController()
  const gone = ask(door.url, body, { headers, signal: leaving.signal }).catch(() => 'gone')
  await provider.seen(1)
  for (let turns = 0; turns < 20; turns++) await new Promise(setImmediate)
  leaving.abort()
  await gone
  await expect.poll(() => door.gateway.status().inFlight).toBe(0)

  const [row] = ledger.read({ by: [] }).rows
  expect(row).toMatchObject({ answers: 1, estimated: 1, wasted: { attempts: 0 } })
  expect(row!.input).toBeGreaterThan(0)
  ledger.close()
  rmSync(folder, { recursive: true })
})
