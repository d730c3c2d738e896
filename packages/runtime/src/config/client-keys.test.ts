// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to the environment look like that
import { hash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { configOf, servedConfigOf } from './config-of.ts'
import { readConfig } from './read.ts'

const around = `upstreams: { a: { url: "http://127.0.0.1:9" } }
chains: { default: [a], other: [a] }
`
const secret = 'hf-0123456789abcdef'
const sha256 = hash('sha256', secret, 'hex')

const keysOf = (keys: string, environment = {}) =>
  readConfig({ file: 'f', text: `${around}gateway:\n  keys:\n${keys}\n`, environment }).gateway.keys?.clients
const complaints = (keys: string, environment = {}): string => {
  try {
    return `none: ${JSON.stringify(keysOf(keys, environment))}`
  } catch (error) {
    return (error as Error).message
  }
}

describe('the keys of clients', () => {
  it('are read, and the secret is not kept', () => {
    const clients = keysOf(
      `    alice: { secret: "\${ALICE}", chains: [default], requests: 60/m, tokens: 100000/h, spend: 20.5/d, concurrent: 10, stream: buffered }
    bob: { secret: "sha256:${hash('sha256', 'x', 'hex').toUpperCase()}", requests: 5/s, spend: 300/month }
    carl: { secret: hf-0123456789abcdeg, requests: 9/d, spend: 500 total }
prices: { a: { input: 1, output: 2 } }`,
      { ALICE: secret },
    )

    expect(clients).toEqual({
      alice: {
        sha256,
        chains: ['default'],
        requests: { limit: 60, per: 60_000 },
        tokens: { limit: 100_000, per: 3_600_000 },
        spend: { amount: 20.5, per: 'day' },
        concurrent: 10,
        stream: 'buffered',
      },
      bob: {
        sha256: hash('sha256', 'x', 'hex'),
        requests: { limit: 5, per: 1_000 },
        spend: { amount: 300, per: 'month' },
      },
      carl: {
        sha256: hash('sha256', 'hf-0123456789abcdeg', 'hex'),
        requests: { limit: 9, per: 86_400_000 },
        spend: { amount: 500, per: 'total' },
      },
    })
    expect(JSON.stringify(clients)).not.toContain(secret)
  })

  it.each([
    ['{}', '5:12 gateway.keys.alice.secret: is missing'],
    ['{ secret: short }', '5:22 gateway.keys.alice.secret: is too short to be safe: at least 16 characters'],
    [
      '{ secret: "has a space in the middle" }',
      '5:22 gateway.keys.alice.secret: must be letters, digits and signs',
    ],
    [
      '{ secret: "a-new-line-at-its-end\\n" }',
      '5:22 gateway.keys.alice.secret: must be letters, digits and signs',
    ],
    [
      '{ secret: sha256:abc }',
      '5:22 gateway.keys.alice.secret: must be sha256: and the 64 hexadecimal digits',
    ],
    ['{ secret: 12345678901234567 }', '5:22 gateway.keys.alice.secret: must be text'],
    [
      '{ secret: $, requests: 60 }',
      '5:35 gateway.keys.alice.requests: must be a number and a time, such as 60/m',
    ],
    ['{ secret: $, requests: 0/m }', '5:35 gateway.keys.alice.requests: must be'],
    ['{ secret: $, tokens: 1.5/m }', '5:33 gateway.keys.alice.tokens: must be'],
    ['{ secret: $, tokens: 60/min }', '5:33 gateway.keys.alice.tokens: must be'],
    ['{ secret: $, spend: 20 }', '5:32 gateway.keys.alice.spend: must be an amount and a time, such as 20/d'],
    ['{ secret: $, spend: 0/d }', '5:32 gateway.keys.alice.spend: must be an amount'],
    ['{ secret: $, spend: 5/h }', '5:32 gateway.keys.alice.spend: must be an amount'],
    [
      '{ secret: $, concurrent: 0 }',
      '5:37 gateway.keys.alice.concurrent: must be a whole number of at least 1',
    ],
    ['{ secret: $, stream: whole }', '5:33 gateway.keys.alice.stream: must be buffered'],
    ['{ secret: $, chains: [] }', '5:33 gateway.keys.alice.chains: must have at least one chain'],
    [
      '{ secret: $, chains: [defualt] }',
      "gateway.keys.alice.chains[0]: there is no chain 'defualt'; did you mean 'default'?",
    ],
    ['{ secret: $, request: 6/m }', "gateway.keys.alice.request: unknown key; did you mean 'requests'?"],
    [
      `{ secret: $ }\n    bob: { secret: "sha256:${sha256}" }`,
      "6:20 gateway.keys.bob.secret: is the secret of 'alice' already",
    ],
  ])('cannot be %s', (alice, said) => {
    const written = alice.replace('$', secret)
    const at = said.replace(
      /^5:(\d+)/,
      (_, column) => `5:${Number(column) + (alice.includes('$') ? secret.length - 1 : 0)}`,
    )

    expect(complaints(`    alice: ${written}`)).toContain(at)
    expect(complaints(`    alice: ${written}`)).not.toContain(secret)
  })

  it('name somebody, or a file', () => {
    for (const none of ['', 'keys.yaml', '[a]', '"file:"', '7'])
      expect(() =>
        readConfig({ file: 'f', text: `${around}gateway: { keys: ${none} }`, environment: {} }),
      ).toThrow(/gateway\.keys: must be a mapping \(client: \{ secret: … \}\), or file: and the path of one/)
    expect(() => readConfig({ file: 'f', text: `${around}gateway: { keys: {} }`, environment: {} })).toThrow(
      'gateway.keys: must name at least one client',
    )
  })

  it('can be shared out among the replicas, or are refused', () => {
    const text = (limit: string) =>
      `${around}gateway: { replicas: 3, keys: { a: { secret: ${secret}, ${limit} } } }`

    expect(() => readConfig({ file: 'f', text: text('concurrent: 2'), environment: {} })).toThrow(
      'gateway.keys.a.concurrent: cannot be shared out among 3 replicas: it must be at least 3',
    )
    expect(() => readConfig({ file: 'f', text: text('tokens: 3/m'), environment: {} })).not.toThrow()
  })

  it('open the gateway to the outside, and nothing else', () => {
    const text = (keys: string, listener = 'gateway') =>
      `${around}${listener}: { listen: 0.0.0.0:4712${keys} }`
    const read = (...of: Parameters<typeof text>) =>
      readConfig({ file: 'f', text: text(...of), environment: {} })

    expect(() => read('')).toThrow(
      'f:3:20 gateway.listen: 0.0.0.0:4712 can be reached from outside, and whoever reaches it may ask: say with `gateway.keys` who may',
    )
    expect(read(`, keys: { a: { secret: ${secret} } }`).gateway.listen.host).toBe('0.0.0.0')
    expect(read(', keys: file:keys.yaml').gateway.listen.host).toBe('0.0.0.0')
    expect(() => read('', 'control')).toThrow('control.listen: 0.0.0.0:4712 can be reached from outside')
  })
})

describe('servedConfigOf', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-keys-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  const served = async (keys: string | undefined, environment = {}) => {
    const file = join(folder, 'holdfast.yaml')
    await writeFile(file, `${around}gateway: { keys: file:who.yaml }\n`)
    await rm(join(folder, 'who.yaml'), { force: true })
    if (keys !== undefined) await writeFile(join(folder, 'who.yaml'), keys)
    return servedConfigOf(file, environment)
  }

  it('reads them from a file of their own, beside the one that names it', async () => {
    const config = await served('alice: { secret: "${ALICE}", chains: [other] }\n', { ALICE: secret })

    expect(config.gateway.keys).toEqual({
      file: join(folder, 'who.yaml'),
      clients: { alice: { sha256, chains: ['other'] } },
    })
  })

  it.each([
    ['alice: { secret: ${ALICE} }', '1:18 ${ALICE} is not set'],
    ['alice:\n  secret: short', '2:11 alice.secret: is too short'],
    [
      'alice: { secret: hf-0123456789abcdef, chians: [a] }',
      "1:39 alice.chians: unknown key; did you mean 'chains'?",
    ],
    ['alice: { secret: hf-0123456789abcdef, chains: [a] }', "1:48 alice.chains[0]: there is no chain 'a'"],
    [
      'alice: { secret: 0123456789abcdef_ }\nbob: { secret: 0123456789abcdef_ }',
      "2:16 bob.secret: is the secret of 'alice' already",
    ],
    ['', '1:1 must name at least one client'],
    ['- a', '1:1 must be a mapping'],
    ['{', 'is not YAML'],
  ])('complains of %j with its place in that file', async (keys, said) => {
    const where = relative(process.cwd(), join(folder, 'who.yaml'))

    await expect(served(keys)).rejects.toThrow(said.startsWith('is') ? said : `${where}:${said}`)
  })

  it('says that it is not there, and is not needed by who only calls', async () => {
    await expect(served(undefined)).rejects.toThrow(
      'who.yaml:1:1 there is no such file: gateway.keys names it',
    )

    expect((await configOf(join(folder, 'holdfast.yaml'), {})).gateway.keys?.clients).toEqual({})
  })
})
