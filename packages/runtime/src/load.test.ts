// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to the environment look like that
import { rmSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { forget, policy, preset, status, statuses } from '@holdfast/policy'
import { type FakeServer, fakeServer } from '@holdfast/transport/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ConfigError } from './config/problem.ts'
import { type Holdfast, load } from './load.ts'

describe('load', () => {
  let server: FakeServer
  let file: string
  const loaded = (text: string, environment = {}): Promise<Holdfast> => {
    writeFileSync(file, text)
    return load(file, { environment })
  }
  /** One upstream, `jira`, on the server, with a policy that does not keep anybody waiting. */
  const jira = (more = '', path = ''): Promise<Holdfast> =>
    loaded(`
policies: { quick: { retry: { attempts: 3, initial: 1ms, max: 2ms }, breaker: { failures: 4 } } }
upstreams: { jira: { url: "${server.url}${path}", policy: quick, ${more} } }
`)

  beforeEach(async () => {
    server = await fakeServer()
    file = join(await mkdtemp(join(tmpdir(), 'holdfast-load-')), 'holdfast.yaml')
  })
  afterEach(async () => {
    await server[Symbol.asyncDispose]()
    rmSync(join(file, '..'), { recursive: true })
    for (const { name } of Object.values(statuses()).flat()) forget(name)
  })

  it('rejects with the place of what is wrong in a file', async () => {
    const failure = loaded('gatway: {}')

    await expect(failure).rejects.toBeInstanceOf(ConfigError)
    await expect(failure).rejects.toThrow(/holdfast\.yaml:1:1 gatway: unknown key/)
  })

  it('says so when there is no file', async () => {
    await expect(load(`${file}.not`)).rejects.toThrow('there is no such file')
  })

  it('says what else cannot be read', async () => {
    await expect(load(join(file, '..'))).rejects.toThrow('cannot be read (EISDIR)')
  })

  it('takes the environment that it is given', async () => {
    const text = 'upstreams: { jira: { url: "${JIRA}" } }'

    const hf = await loaded(text, { JIRA: server.url })

    expect((await hf.fetch('jira')('/x')).status).toBe(200)
  })

  describe('fetch', () => {
    it('tries a GET again after 503', async () => {
      server.next({ status: 503 }, { status: 503 })

      const response = await (await jira()).fetch('jira')('/x')

      expect(await response.text()).toBe('ok')
      expect(server.received).toHaveLength(3)
    })

    it('does not try a POST again, unless it has an Idempotency-Key', async () => {
      const fetch = (await jira()).fetch('jira')
      server.next({ status: 503 }, { status: 503 })

      const plain = await fetch('/x', { method: 'POST', body: 'x' })
      const keyed = await fetch('/x', { method: 'POST', body: 'x', headers: { 'idempotency-key': '1' } })

      expect([plain.status, keyed.status]).toEqual([503, 200])
      expect(server.received).toHaveLength(3)
    })

    it('does not wait longer for Retry-After than its policy allows', async () => {
      server.next({ status: 429, headers: { 'retry-after': '60' } })

      expect((await (await jira()).fetch('jira')('/x')).status).toBe(429)
      expect(server.received).toHaveLength(1)
    })

    it("puts addresses under the upstream's own, path included", async () => {
      const fetch = (await jira('', '/jira')).fetch('jira')

      await fetch('/rest/x')
      await fetch('rest/x?y=1')
      await fetch(`${server.url}/elsewhere`)

      expect(server.received.map(({ path }) => path)).toEqual([
        '/jira/rest/x',
        '/jira/rest/x?y=1',
        '/elsewhere',
      ])
    })

    it('sends the key to its own origin only', async () => {
      await using elsewhere = await fakeServer()
      const fetch = (await jira('key: secret')).fetch('jira')

      await fetch('/x')
      await fetch(`${elsewhere.url}/x`)

      expect(server.received[0]?.headers.authorization).toBe('Bearer secret')
      expect(elsewhere.received[0]?.headers.authorization).toBeUndefined()
    })

    it("sends Anthropic's wire its key as it wants it, and a version unless the call says one", async () => {
      await using elsewhere = await fakeServer()
      const fetch = (await jira('key: secret, dialect: anthropic')).fetch('jira')

      await fetch('/v1/messages')
      await fetch('/v1/messages', { headers: { 'anthropic-version': '2029-01-01' } })
      await fetch(`${elsewhere.url}/x`)

      expect(server.received.map(({ headers }) => headers)).toMatchObject([
        { 'x-api-key': 'secret', 'anthropic-version': '2023-06-01' },
        { 'x-api-key': 'secret', 'anthropic-version': '2029-01-01' },
      ])
      expect(server.received[0]?.headers.authorization).toBeUndefined()
      expect(elsewhere.received[0]?.headers['x-api-key']).toBeUndefined()
    })

    it('has one breaker for one upstream, whoever asks', async () => {
      const hf = await jira()
      server.next(...Array(4).fill({ status: 503 }))

      await hf.fetch('jira')('/x')
      const last = hf.fetch('jira')('/x')

      await expect(last).rejects.toMatchObject({ code: 'BREAKER_OPEN', breaker: 'jira' })
      await expect((await load(file, { environment: {} })).fetch('jira')('/x')).rejects.toMatchObject({
        code: 'BREAKER_OPEN',
      })
      expect(server.received).toHaveLength(4)
    })

    it('keeps the breakers of two upstreams apart, and their budget together', async () => {
      const hf = await loaded(`
policies: { quick: { retry: { attempts: 1 }, breaker: { failures: 1 } } }
upstreams:
  one: { url: "${server.url}", policy: quick }
  two: { url: "${server.url}", policy: quick }
`)
      server.next({ status: 503 })

      await hf.fetch('one')('/x')

      expect((await hf.fetch('two')('/x')).status).toBe(200)
      await expect(hf.fetch('one')('/x')).rejects.toMatchObject({ code: 'BREAKER_OPEN' })
      expect(status('budget').map(({ name }) => name)).toEqual(['quick'])
    })

    it('works for an upstream without a policy', async () => {
      const hf = await loaded(`upstreams: { plain: { url: "${server.url}" } }`)

      expect((await hf.fetch('plain')('')).status).toBe(200)
    })

    it('lives under the preset of a system outside, which has a name that code knows too', async () => {
      const hf = await loaded(`upstreams: { tickets: { preset: jira, url: "${server.url}" } }`)

      expect((await hf.fetch('tickets')('/x')).status).toBe(200)
      const { counts, policies } = policy('upstream/tickets').status()
      expect(counts).toMatchObject({ calls: 1, successes: 1 })
      expect(policies.map(({ name }) => name)).toEqual(['retry', 'tickets', 'tickets', 'timeout'])
      expect(status('bulkhead')).toMatchObject([{ name: 'tickets', limit: preset('jira').bulkhead.limit }])
      expect(status('budget').map(({ name }) => name)).toEqual(['tickets'])
    })

    it.each(['jria', 'constructor', '__proto__'])('does not know %s', async (name) => {
      const hf = await jira()

      expect(() => hf.fetch(name)).toThrow(expect.objectContaining({ code: 'NAME_UNKNOWN' }))
      expect(() => hf.fetch(name)).toThrow(/the file has no upstream '.*'; (did you mean|known are) '?jira/)
    })
  })

  describe('policy', () => {
    it('is the same pipeline for the same name', async () => {
      const hf = await jira()

      expect(hf.policy('quick')).toBe(hf.policy('quick'))
    })

    it('is the policy of that name, in code too, and for whoever loads the file again', async () => {
      const made = (await jira()).policy('quick')

      expect(policy('quick')).toBe(made)
      expect((await load(file, { environment: {} })).policy('quick')).toBe(made)
    })

    it('tries again as the file says', async () => {
      let calls = 0
      const work = (): string => {
        if (++calls < 3) throw new Error('not yet')
        return 'done'
      }

      expect(await (await jira()).policy('quick')(work)).toBe('done')
    })

    it('ends work that takes longer than its total', async () => {
      const hf = await loaded('policies: { short: { preset: none, timeout: 1ms } }')

      await expect(hf.policy('short')(() => new Promise(() => undefined))).rejects.toMatchObject({
        code: 'TIMEOUT',
        after: 1,
      })
    })

    it('has a breaker of its own, even where an upstream has its name', async () => {
      const hf = await loaded(`
policies: { jira: { retry: { attempts: 1 }, breaker: { failures: 1 } }, other: {} }
upstreams: { jira: { url: "${server.url}", policy: other } }
`)
      const broken = hf.policy('jira')(() => Promise.reject(new Error('broken')))

      await expect(broken).rejects.toThrow('broken')

      await expect(hf.policy('jira')(() => 1)).rejects.toMatchObject({ code: 'BREAKER_OPEN' })
      expect((await hf.fetch('jira')('/x')).status).toBe(200)
    })

    it('is not known by another name', async () => {
      const hf = await jira()

      expect(() => hf.policy('quikc')).toThrow("the file has no policy 'quikc'; did you mean 'quick'?")
    })
  })
})
