import { hash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { freePorts, holdfast, type RunningHoldfast, runningHoldfast } from './harness/running-holdfast.ts'

const secrets = { alice: 'hf-the-secret-of-alice', bob: 'hf-the-secret-of-bob', eve: 'hf-the-secret-of-eve' }
const messages = [{ role: 'user' as const, content: 'Is anybody there?' }]

/** All files in a folder and below it. */
function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
}

describe('a gateway whose clients have keys', () => {
  let running: RunningHoldfast
  let ports: readonly number[]
  const keys = (text: string): void => writeFileSync(join(running.folder, 'keys.yaml'), text)
  const client = (apiKey: string): OpenAI =>
    new OpenAI({ baseURL: `http://127.0.0.1:${ports[0]}/v1`, apiKey, maxRetries: 0 })
  const ask = async (apiKey: string, model = 'default'): Promise<string> => {
    try {
      const answer = await client(apiKey).chat.completions.create({ model, messages })
      return answer.choices[0]?.message.content ?? ''
    } catch (error) {
      if (error instanceof OpenAI.APIError) return `${error.status} ${error.code}`
      throw error
    }
  }
  const control = async (path: string): Promise<string> =>
    (await fetch(`http://127.0.0.1:${ports[1]}${path}`)).text()

  beforeAll(async () => {
    ports = await freePorts(2)
    const file = `
gateway:
  listen: 0.0.0.0:${ports[0]}
  keys:
    alice: { secret: ${secrets.alice}, chains: [default], requests: 2/h }
    bob: { secret: ${secrets.bob} }
control: { listen: 127.0.0.1:${ports[1]} }
telemetry: { log: { level: trace } }
rules: [{ match: ., answer: Somebody. }]
chains: { default: [rules], other: [rules] }
`
    running = await runningHoldfast(file, ports[1]!)
  }, 20_000)
  afterAll(() => running[Symbol.asyncDispose]())
  // A reload is a process, and a busy machine runs many.
  vi.setConfig({ testTimeout: 30_000 })

  it('says that it can be reached from outside', async () => {
    expect(await running.line(/other machines can reach the gateway/)).toContain('TLS')
    expect(running.lines.filter((line) => line.includes('TLS'))).toHaveLength(1)
  })

  it('answers those who have one, within their limits', async () => {
    expect(await ask(secrets.alice)).toBe('Somebody.')
    expect(await ask(secrets.alice, 'other')).toBe('404 model_not_found')
    expect(await ask(secrets.alice)).toBe('Somebody.')
    expect(await ask(secrets.alice)).toBe('429 rate_limit_exceeded')
    expect(await ask(secrets.bob, 'other')).toBe('Somebody.')
    expect(await ask(secrets.eve)).toBe('401 invalid_api_key')
    expect((await fetch(`http://127.0.0.1:${ports[0]}/readyz`)).status).toBe(200)
  })

  it('shows who they are, and never by what it knows them', async () => {
    const metrics = await control('/metrics')
    expect(metrics).toContain('holdfast_gateway_client_requests_total{client="alice"} 2')
    expect(metrics).toContain('holdfast_gateway_client_refusals_total{client="alice",limit="requests"} 1')
    await running.line(/alice: over its limit \(requests\)/)
    const [{ id }] = JSON.parse(await control('/api/v1/traces')).traces
    const trace = await control(`/api/v1/traces/${id}`)
    const everything = [
      metrics,
      trace,
      await control('/api/v1/traces'),
      await control('/api/v1/status'),
      ...running.lines,
      ...files(join(running.folder, '.holdfast')).map((path) => readFileSync(path, 'latin1')),
    ].join('\n')

    expect(everything).toContain('alice')
    expect(everything).not.toContain('the-secret-of')
  })

  it('reads them again with the file, from a file of their own as well, and its limits begin anew', async () => {
    const path = join(running.folder, 'holdfast.yaml')
    const before = readFileSync(path, 'utf8')
    writeFileSync(path, before.replace(/ {2}keys:\n.*\n.*\n/, '  keys: file:keys.yaml\n'))
    keys(`eve: { secret: ${secrets.eve} }\nalice: { secret: ${secrets.alice}, requests: 2/h }\n`)
    expect((await holdfast(['reload'], running.folder)).code).toBe(0)

    expect(await ask(secrets.eve)).toBe('Somebody.')
    expect(await ask(secrets.bob)).toBe('401 invalid_api_key')
    expect(await ask(secrets.alice, 'other')).toBe('Somebody.')

    keys(`bob: { secret: ${secrets.bob} }\n`)
    running.child.kill('SIGHUP')
    await running.line(/the file was read again/)
    await expect.poll(() => ask(secrets.bob), { timeout: 20_000 }).toBe('Somebody.')
    expect(await ask(secrets.eve)).toBe('401 invalid_api_key')
  })

  it('goes on as it was where they cannot be read again, or the gateway would stand open', async () => {
    keys('bob: { secret: short }\n')
    const refused = await holdfast(['reload'], running.folder)
    expect(refused.err).toContain('keys.yaml:1:16 bob.secret: is too short to be safe')
    const path = join(running.folder, 'holdfast.yaml')
    writeFileSync(path, readFileSync(path, 'utf8').replace(/ {2}keys: .*\n/, ''))
    const open = await holdfast(['reload'], running.folder)
    expect(open.err).toContain('gateway.listen: 0.0.0.0')

    expect(await ask(secrets.bob)).toBe('Somebody.')
    expect(await ask(secrets.eve)).toBe('401 invalid_api_key')
  })
})

describe('holdfast key', () => {
  it('makes up a secret, and the line that knows it', async () => {
    const { code, out } = await holdfast(['key', 'alice'], '/')
    const [, secret = ''] = /^ {2}(hf-[\w-]{43})$/m.exec(out) ?? []
    const [, line = ''] = /^ {2}(alice: .*)$/m.exec(out) ?? []

    expect(code).toBe(0)
    expect(line).toBe(`alice: { secret: sha256:${hash('sha256', secret, 'hex')} }`)
    expect((await holdfast(['key', 'alice'], '/')).out).not.toBe(out)
    expect((await holdfast(['key', 'no name'], '/')).code).toBe(1)
  })
})
