import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { holdfast, scratchFolder } from './harness/running-holdfast.ts'

const proof = 'touch-me'
/** A service that would leave a file behind if anything were started. */
const service = `services: { mark: { command: [node, -e, "require('fs').writeFileSync('${proof}','')"] } }\n`
const upstreams = 'upstreams: { primary: { url: "http://127.0.0.1:9" } }\n'

const bad: readonly (readonly [name: string, yaml: string, place: string, message: RegExp])[] = [
  [
    'an unknown key',
    `${service}gatway: { listen: 127.0.0.1:4700 }\n`,
    '2:1',
    /gatway: unknown key; did you mean 'gateway'\?/,
  ],
  [
    'an unknown key inside',
    `${service}upstreams:\n  primary:\n    ulr: http://x\n    url: http://x\n`,
    '4:5',
    /upstreams\.primary\.ulr: unknown key; did you mean 'url'\?/,
  ],
  [
    'a wrong type',
    `${service}policies:\n  quick:\n    retry: { attempts: many }\n`,
    '4:24',
    /attempts: must be a whole number/,
  ],
  [
    'a duration without a unit',
    `${service}policies: { quick: { timeout: "30" } }\n`,
    '2:31',
    /'30' is no duration/,
  ],
  [
    'something missing',
    `${service}upstreams:\n  primary: { model: x }\n`,
    '3:12',
    /upstreams\.primary\.url: is missing/,
  ],
  [
    'a chain that names nothing',
    `${service}${upstreams}chains:\n  default: [primry]\n`,
    '4:13',
    /there is no upstream 'primry'; did you mean 'primary'\?/,
  ],
  ['an empty chain', `${service}chains: { default: [] }\n`, '2:20', /at least one link/],
  [
    'two services on one port',
    'services:\n  a: { command: a, listen: 127.0.0.1:9001 }\n  b: { command: b, listen: 127.0.0.1:9001 }\n',
    '3:28',
    /taken by the service 'a'/,
  ],
  [
    'a service on the port of the gateway',
    'services:\n  a: { command: a, listen: 127.0.0.1:4700 }\n',
    '2:28',
    /taken by the gateway/,
  ],
  [
    'a circle of needs',
    'services:\n  a: { command: a, needs: [b] }\n  b: { command: b, needs: [c] }\n  c: { command: c, needs: [a] }\n',
    '2:27',
    /circle: a → b → c → a/,
  ],
  [
    'a need that is no service',
    'services:\n  a: { command: a, needs: [bb] }\n',
    '2:28',
    /there is no service 'bb'/,
  ],
  [
    'a policy that is not there',
    `${service}upstreams:\n  primary: { url: http://x, policy: fast }\n`,
    '3:37',
    /there is no policy 'fast'/,
  ],
  [
    'a variable that is not set',
    `${service}upstreams:\n  x: { url: http://x, key: \${HOLDFAST_TEST_UNSET} }\n`,
    '3:29',
    /HOLDFAST_TEST_UNSET is not set/,
  ],
  [
    'a rule that is no pattern',
    `${service}rules:\n  - match: "("\n    answer: x\n`,
    '3:12',
    /no regular expression/,
  ],
  ['a command that needs a shell', 'services:\n  a: { command: "a | b" }\n', '2:17', /sh.*-c/],
  ['an address that is open to all', 'gateway: { listen: 0.0.0.0:4700 }\n', '1:20', /reached from outside/],
  ['a key that stands twice', 'chains: {}\nchains: {}\n', '2:1', /unique/],
  ['a broken text', 'services:\n  a: [1, 2\n', '', /is not YAML/],
]

describe('holdfast up', () => {
  let folder: string
  beforeAll(() => {
    folder = scratchFolder()
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  // One after the other they would take a second each; the machine has two cores, so they go two by two.
  it.concurrent.each(bad)(
    'refuses %s: one message, with the place, and nothing is started',
    async (name, yaml, place, message) => {
      const own = join(folder, name.replaceAll(' ', '-'))
      mkdirSync(own)
      writeFileSync(join(own, 'holdfast.yaml'), yaml)
      const { code, err, out } = await holdfast(['up'], own)

      expect(code).toBe(1)
      expect(err.trim().split('\n')).toHaveLength(1)
      expect(err).toMatch(new RegExp(`^holdfast\\.yaml:${place || String.raw`\d+:\d+`} `))
      expect(err).toMatch(message)
      expect(out).toBe('')
      expect(await holdfast(['status'], own)).toMatchObject({
        code: 1,
        err: expect.stringContaining('nobody answers'),
      })
    },
    30_000,
  )

  it('refuses a file that is not there', async () => {
    const { code, err } = await holdfast(['up', '-f', 'nowhere.yaml'], folder)

    expect(code).toBe(1)
    expect(err).toMatch(/^nowhere\.yaml:1:1 there is no such file/)
  })
})
