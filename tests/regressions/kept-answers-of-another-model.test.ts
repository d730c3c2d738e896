import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ask, fakeProvider, gatewayServer, quickPolicy } from '@holdfast/gateway/testing'
import { expect, it } from 'vitest'

it('an answer on the disk is not given for a model that its upstream no longer has', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-models-'))
  await using provider = await fakeProvider()
  const answered = async (model: string): Promise<string | null> => {
    await using door = await gatewayServer({
      upstreams: { local: { dialect: 'openai', url: provider.url, model, policy: quickPolicy } },
      chains: { default: { links: ['local'], cache: { for: 60_000, keep: 'disk' } } },
      cache: { folder },
    })
    const response = await ask(door.url)
    await response.text()
    return response.headers.get('x-holdfast-cache')
  }

  expect(await answered('small')).toBeNull()
  expect(await answered('small')).toBe('hit')
  expect(await answered('large')).toBeNull()
  rmSync(folder, { recursive: true })
})
