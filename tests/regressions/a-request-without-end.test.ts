import { ask, gatewayServer } from '@holdfast/gateway/testing'
import { expect, it } from 'vitest'

it('a request that is nested too deeply to be translated is refused, and is no mistake of the gateway', async () => {
  const nowhere = 'http://127.0.0.1:1'
  await using door = await gatewayServer({
    upstreams: { claude: { dialect: 'anthropic', url: nowhere } },
    chains: { default: ['claude'] },
  })
  const parameters = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`
  const tools = `[{"type":"function","function":{"name":"f","parameters":${parameters}}}]`
  const body = `{"model":"default","messages":[{"role":"user","content":"Hi."}],"tools":${tools}}`
  const response = await ask(door.url, {}, { body })

  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({ error: { code: 'untranslatable' } })
  expect(door.events.map(({ type }) => type)).toEqual(['chain.refused'])
})
