import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ask, fakeProvider } from '@holdfast/gateway/testing'
import { up } from '@holdfast/runtime'
import { expect, it } from 'vitest'
import { freePorts, runningHoldfast } from './harness/running-holdfast.ts'

it('gives an answer again after kill -9 of everything, by whichever process of the gateway, and after the provider is gone', async () => {
  const [gateway = 0, control = 0] = await freePorts(2)
  await using provider = await fakeProvider()
  const yaml = (replicas: number) => `
gateway: { listen: 127.0.0.1:${gateway}, replicas: ${replicas} }
control: { listen: 127.0.0.1:${control} }
upstreams: { model: { url: "${provider.url}" } }
chains: { default: { links: [model], cache: { for: 10m, keep: disk } } }
`
  const url = `http://127.0.0.1:${gateway}`
  await using killed = await runningHoldfast(yaml(1), control)
  const first = await (await ask(url)).text()
  const answers = join(killed.folder, '.holdfast', 'answers')
  const kept = () =>
    readdirSync(answers, { recursive: true }).filter((name) => String(name).endsWith('-piece'))
  await expect.poll(() => kept().length).toBe(1)
  await killed.end('SIGKILL')
  await provider.close()

  const file = join(killed.folder, 'holdfast.yaml')
  writeFileSync(file, yaml(2))
  await using next = await up({ file, environment: process.env })
  expect(await next.started).toMatchObject({ failed: [] })
  for (let nth = 0; nth < 6; nth++) {
    const again = await ask(url, {}, { headers: { connection: 'close' } })
    expect(again.headers.get('x-holdfast-cache')).toBe('hit')
    expect(await again.text()).toBe(first)
  }
  expect(provider.received).toHaveLength(1)
}, 20_000)
