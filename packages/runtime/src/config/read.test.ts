// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to the environment look like that
import { describe, expect, it } from 'vitest'
import { ConfigError } from './problem.ts'
import { readConfig } from './read.ts'
import type { Config } from './schema.ts'
import type { HttpUpstream } from './upstream.ts'

const read = (text: string, environment: Record<string, string> = {}): Config =>
  readConfig({ file: 'holdfast.yaml', text, environment })

/** All complaints about a text, a line each. */
const complaints = (text: string, environment?: Record<string, string>): string[] => {
  try {
    read(text, environment)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n')
    throw error
  }
}
const complaint = (text: string, environment?: Record<string, string>): string => {
  const all = complaints(text, environment)
  expect(all).toHaveLength(1)
  return all[0]!
}

const upstream = 'upstreams: { primary: { url: "http://127.0.0.1:9" } }\n'

const keep = { size: 10_000_000, files: 5, age: 7 * 86_400_000 }
const plainLog = { level: 'info', services: {}, keep }

describe('readConfig', () => {
  it('reads what a file says, durations in ms and addresses taken apart', () => {
    const config = read(`
gateway: { listen: "[::1]:4000" }
policies:
  ai: { preset: slowService, retry: { attempts: 3, initial: 1s }, timeout: { firstToken: 500ms, total: 2m } }
  quick: { timeout: 5s }
upstreams: { primary: { url: https://api.example/v1, key: "123", policy: ai } }
rules: [{ match: ., answer: later }]
chains: { default: [primary/some-model, primary, rules] }
services:
  kernel: { command: ./kernel --port 1, env: { DEBUG: true, LEVEL: 3 }, listen: localhost:9000 }
  ai: { command: [node, ai.ts], needs: [kernel], ready: tcp://127.0.0.1:9, stopGrace: 1s }
`)

    expect(config).toMatchObject({
      gateway: { listen: { host: '::1', port: 4000 } },
      control: { listen: { host: '127.0.0.1', port: 4701 } },
      policies: {
        ai: { retry: { attempts: 3, initial: 1_000 }, timeout: { firstToken: 500, total: 120_000 } },
        quick: { timeout: { total: 5_000 } },
      },
      upstreams: { primary: { url: 'https://api.example/v1', key: '123', policy: 'ai' } },
      chains: {
        default: {
          links: [{ link: 'primary/some-model' }, { link: 'primary' }, { link: 'rules' }],
          order: 'cascade',
        },
      },
      services: {
        kernel: { env: { DEBUG: 'true', LEVEL: '3' }, listen: { host: 'localhost', port: 9000 } },
        ai: { command: ['node', 'ai.ts'], needs: ['kernel'], stopGrace: 1_000 },
      },
    })
  })

  it.each([
    ['', 'nothing'],
    ['# only a comment\n', 'a comment'],
    ['---\n...\n', 'an empty document'],
    [
      'gateway:\ntelemetry:\npolicies:\nupstreams:\nrules:\nchains:\nservices:\n',
      'headings with nothing under them',
    ],
    ['gateway: ~\nupstreams: null\n', 'null'],
  ])('takes %j for defaults: %s', (text) => {
    expect(read(text)).toEqual({
      gateway: { listen: { host: '127.0.0.1', port: 4700 } },
      control: { listen: { host: '127.0.0.1', port: 4701 } },
      telemetry: { log: plainLog },
      prices: {},
      policies: {},
      upstreams: {},
      rules: [],
      chains: {},
      services: {},
      groups: {},
    })
  })

  it('takes a share as a number, or as the digits of one', () => {
    expect(read('telemetry: { sample: 0.1 }').telemetry).toEqual({ sample: 0.1, log: plainLog })
    expect(read('telemetry: { sample: "0.25", otlp: "http://c:4318" }').telemetry).toEqual({
      sample: 0.25,
      otlp: 'http://c:4318',
      log: plainLog,
    })
    for (const none of ['1.5', '-1', 'all', '"."', '""'])
      expect(complaint(`telemetry:\n  sample: ${none}\n`)).toMatch(
        /telemetry\.sample: must be a number from 0 to 1$/,
      )
    expect(complaint('telemetry:\n  otlp: "http://u:p@c"\n')).toMatch(
      /telemetry\.otlp: must not hold a name or password/,
    )
  })

  it.each([
    ['restart: often', '3:14 services.a.restart: must be one of always, on-failure, never'],
    ['group: g', "3:12 services.a.group: there is no group 'g'"],
    ['alive: exit', "3:12 services.a.alive: 'exit' is a sign of its end"],
    ['alive: soon', "3:12 services.a.alive: 'soon' is no sign"],
    ['alive: { check: notify, evry: 1s }', "3:29 services.a.alive.evry: unknown key; did you mean 'every'?"],
    ['before: "a | b"', '3:13 services.a.before: "|" is shell syntax'],
    ['stopSignal: TERM', '3:17 services.a.stopSignal: must be a signal, such as SIGTERM'],
    ['successCodes: [0, 300]', '3:23 services.a.successCodes[1]: must be an exit code'],
    ['giveUp: { restarts: 5 }', '3:13 services.a.giveUp.within: is missing'],
    ['maxMemory: 512', '3:16 services.a.maxMemory: must be a size with a unit'],
    ['maxMemory: 512MBs', "3:16 services.a.maxMemory: '512MBs' is no size"],
    ['restartAt: { cron: soon }', '3:16 services.a.restartAt: '],
    [
      'restartAt: { cron: "0 4 * * *", every: 1d }',
      '3:16 services.a.restartAt: needs either `cron` or `every`',
    ],
    ['restartAt: { every: 1d, timezone: UTC }', '3:16 services.a.restartAt: has a `timezone`'],
  ])('finds what cannot be in a service: %s', (line, message) => {
    expect(complaint(`services:\n  a:\n    ${line}\n    command: a\n`)).toContain(`holdfast.yaml:${message}`)
  })

  it('finds a strategy that there is not', () => {
    expect(complaint('groups:\n  g: all\n')).toContain(
      'holdfast.yaml:2:6 groups.g: must be one of one-for-one, one-for-all, rest-for-one',
    )
  })

  it('takes levels for the log, of all and of services that there are', () => {
    const services = 'services:\n  ai: { command: ai }\n'
    const log = (text: string) => read(`telemetry: { log: ${text} }\n${services}`).telemetry.log

    expect(log('{ level: debug }')).toEqual({ level: 'debug', services: {}, keep })
    expect(log('{ services: { ai: error, edge: trace } }')).toEqual({
      level: 'info',
      services: { ai: 'error', edge: 'trace' },
      keep,
    })
    expect(log('{ keep: { size: 1MB, files: 2 } }').keep).toEqual({ ...keep, size: 1_000_000, files: 2 })
    expect(complaint('telemetry:\n  log:\n    keep: { size: 10 }\n')).toMatch(
      /^holdfast\.yaml:3:19 telemetry\.log\.keep\.size: must be a size with a unit/,
    )
    expect(complaint('telemetry:\n  log:\n    level: loud\n')).toMatch(
      /^holdfast\.yaml:3:12 telemetry\.log\.level: .*silent/,
    )
    expect(complaint(`${services}telemetry:\n  log:\n    services: { aj: info }\n`)).toMatch(
      /^holdfast\.yaml:5:21 telemetry\.log\.services\.aj: there is no service 'aj'.*'ai'/,
    )
  })

  it('takes an empty policy for its defaults, and an empty upstream for one without an address', () => {
    expect(read('policies: { plain: }').policies).toEqual({ plain: {} })
    expect(complaint('upstreams:\n  jira:\n')).toBe(
      'holdfast.yaml:2:3 upstreams.jira: needs an address: one of url, grpc, zeromq, postgres',
    )
  })

  describe('refuses, with the place', () => {
    it.each([
      ['an unknown key', 'gatway: {}', "1:1 gatway: unknown key; did you mean 'gateway'?"],
      [
        'an unknown key inside',
        'upstreams:\n  primary:\n    ulr: http://x\n    url: http://x\n',
        "3:5 upstreams.primary.ulr: unknown key; did you mean 'url'?",
      ],
      [
        'an unknown key in a list',
        'rules:\n  - match: x\n    answer: y\n    anser: z\n',
        "4:5 rules[0].anser: unknown key; did you mean 'answer'?",
      ],
      [
        'something missing',
        'upstreams:\n  primary: { model: x }\n',
        '2:12 upstreams.primary: needs an address: one of url, grpc, zeromq, postgres',
      ],
      ['a list for a mapping', 'services: [a]', '1:11 services: must be a mapping (name: …)'],
      ['a mapping for a list', 'rules: { a: b }', '1:8 rules: must be a list'],
      ['a text for a file', 'hello', '1:1 must be a mapping (key: value)'],
      ['a list for a file', '- a', '1:1 must be a mapping (key: value)'],
      [
        'a wrong type',
        'policies: { q: { retry: { attempts: many } } }',
        '1:37 policies.q.retry.attempts: must be a whole number of at least 1',
      ],
      [
        'half a number',
        'policies: { q: { breaker: { failures: 1.5 } } }',
        '1:39 policies.q.breaker.failures: must be a whole number of at least 1',
      ],
      [
        'a number for text',
        'upstreams: { a: { url: http://x, key: 123 } }',
        '1:39 upstreams.a.key: must be text',
      ],
      [
        'a duration without a unit',
        'policies: { q: { timeout: "30" } }',
        "1:27 policies.q.timeout.total: '30' is no duration: write a number above 0 and a unit, such as 500ms, 10s or 2m",
      ],
      [
        'a duration that is a number',
        'services: { a: { command: a, stopGrace: 30 } }',
        '1:41 services.a.stopGrace: must be a duration with a unit, such as 500ms, 10s or 2m',
      ],
      [
        'a preset that is none',
        'policies: { q: { preset: fast } }',
        '1:26 policies.q.preset: must be one of default, transient, slowService, none, intune, jamf, sccm, landscape, ansible, servicenow, jira, active_directory, entra_id, ai_provider, database, external_api, lmstudio',
      ],
      [
        'an address of a file',
        'upstreams: { a: { url: "file:///x" } }',
        '1:24 upstreams.a.url: must be an http:// or https:// address',
      ],
      [
        'an address with a password',
        'upstreams: { a: { url: "https://me:pw@x.example" } }',
        '1:24 upstreams.a.url: must not hold a name or password, since addresses are shown: use `key`',
      ],
      [
        'a name with a blank',
        'upstreams: { "a b": { url: http://x } }',
        '1:14 upstreams.a b: must be a name of letters, digits, _ . and -',
      ],
      [
        'an environment that is a list',
        'services: { a: { command: a, env: { A: [1] } } }',
        '1:40 services.a.env.A: must be text, a number, or true or false',
      ],
      ['an empty chain', 'chains: { default: [] }', '1:20 chains.default: must have at least one link'],
      ['a chain of nothing', 'chains:\n  default:\n', '2:3 chains.default: must have at least one link'],
      [
        'a chain that names nothing',
        `${upstream}chains:\n  default: [primry]\n`,
        "3:13 chains.default[0]: there is no upstream 'primry'; did you mean 'primary'?",
      ],
      [
        'a chain with one link twice',
        `${upstream}chains: { default: [primary, primary] }`,
        "2:30 chains.default[1]: 'primary' stands in this chain already",
      ],
      [
        'a chain that ends in rules which are not there',
        `${upstream}chains: { default: [primary, rules] }`,
        '2:30 chains.default[1]: the file has no rules: add `rules:`, a list of { match, answer }',
      ],
      [
        'a link with a slash and no model',
        `${upstream}chains: { default: [primary/] }`,
        "2:21 chains.default[0]: 'primary/' names no model after the slash",
      ],
      [
        'how often an upstream is looked at that a chain asks',
        'upstreams: { a: { url: http://x, health: 1m } }\nchains: { c: [a/m] }',
        "1:42 upstreams.a.health: is for an upstream that no chain names: how this one is, is seen by what 'c' asks it",
      ],
      [
        'an upstream with the name of the rules',
        'upstreams: { rules: { url: http://x } }',
        "1:21 upstreams.rules: 'rules' is the name of the rules; call the upstream something else",
      ],
      [
        'a policy that is not there',
        'policies: { quick: }\nupstreams: { a: { url: http://x, policy: quikc } }',
        "2:42 upstreams.a.policy: there is no policy 'quikc'; did you mean 'quick'?",
      ],
      [
        'an address that is not one of its preset',
        'upstreams: { a: { url: https://intune.microsoft.com, preset: intune } }',
        '1:24 upstreams.a.url: is no address of Microsoft Intune: write one like https://graph.microsoft.com/v1.0 (https://learn.microsoft.com/graph/deployments)',
      ],
      [
        'a preset beside a policy',
        'policies: { quick: }\nupstreams: { a: { url: http://x, policy: quick, preset: jira } }',
        '2:57 upstreams.a.preset: has a policy already; write the preset there: policies: { quick: { preset: jira } }',
      ],
      [
        'a need that is no service',
        'services: { a: { command: a, needs: [bb] } }',
        "1:38 services.a.needs[0]: there is no service 'bb'; known are a",
      ],
      [
        'a circle of needs',
        'services:\n  a: { command: a, needs: [b] }\n  b: { command: b, needs: [c] }\n  c: { command: c, needs: [a] }\n',
        '2:27 services.a.needs: the services need each other in a circle: a → b → c → a',
      ],
      [
        'a service that needs itself',
        'services: { a: { command: a, needs: [a] } }',
        '1:37 services.a.needs: the services need each other in a circle: a → a',
      ],
      [
        'a service with the name of the edge',
        'services: { edge: { command: a } }',
        "1:19 services.edge: 'edge' is the gateway's own process; call the service something else",
      ],
      [
        'a command without a program',
        'services: { a: { command: [] } }',
        '1:27 services.a.command: must be a command line, or a list of the program and its arguments, each of them text',
      ],
      [
        'two services on one port',
        'services:\n  a: { command: a, listen: 127.0.0.1:9001 }\n  b: { command: b, listen: localhost:9001 }\n',
        "3:28 services.b.listen: localhost:9001 is taken by the service 'a' already",
      ],
      [
        'a service on the port of the gateway',
        'services: { a: { command: a, listen: 0.0.0.0:4700 } }',
        '1:38 services.a.listen: 0.0.0.0:4700 is taken by the gateway already',
      ],
      [
        'one port for gateway and control',
        'control: { listen: 127.0.0.1:4700 }',
        '1:20 control.listen: 127.0.0.1:4700 is taken by the gateway already',
      ],
      [
        'port 0',
        'gateway: { listen: 127.0.0.1:0 }',
        "1:20 gateway.listen: '127.0.0.1:0' is no address: write host:port, such as 127.0.0.1:4700",
      ],
      [
        'port 65536',
        'services: { a: { command: a, listen: 127.0.0.1:65536 } }',
        "1:38 services.a.listen: '127.0.0.1:65536' is no address: write host:port, such as 127.0.0.1:4700",
      ],
    ])('%s', (_, text, said) => {
      expect(complaint(text)).toBe(`holdfast.yaml:${said}`)
    })

    it.each([
      ['an address that is open to all', 'gateway: { listen: "[::]:4700" }', /^1:20 .*reached from outside/],
      ['a rule that is no pattern', 'rules: [{ match: "(", answer: x }]', /^1:18 .*no regular expression/],
      ['a command that needs a shell', 'services: { a: { command: "a | b" } }', /^1:27 .*shell syntax/],
      ['a sign of readiness that is none', 'services: { a: { command: a, ready: soon } }', /^1:37 .*no sign/],
      ['a key that stands twice', 'chains: {}\nchains: {}\n', /^2:1 is not YAML: Map keys must be unique/],
      ['a tab', 'chains:\n\tdefault: [a]\n', /^2:1 is not YAML: Tabs/],
      ['a bracket that stays open', 'services:\n  a: [1, 2\n', /^3:1 is not YAML/],
      ['a second document', 'chains: {}\n---\nchains: {}\n', /^2:1 is not YAML: there is a second document/],
      ['a tag', 'services: { a: { command: !secret x } }', /^1:27 is not YAML: Unresolved tag: !secret/],
      ['an alias to nothing', 'services: *all', /^1:11 there is no anchor 'all' before it/],
      ['an alias within itself', 'services: &all { a: *all }', /^1:21 is within itself/],
      ['a list for a key', 'services: { [a, b]: c }', /^1:13 this cannot be a key/],
    ])('%s', (_, text, said) => {
      expect(complaint(text).replace('holdfast.yaml:', '')).toMatch(said)
    })
  })

  it('tells all that is wrong at once, in the order of the file', () => {
    const text = 'services:\n  a: { commnd: x }\ngatway: {}\npolicies: { q: { timeout: 5 } }\n'

    expect(complaints(text).map((line) => line.split(' ', 2).join(' '))).toEqual([
      'holdfast.yaml:2:6 services.a.command:',
      'holdfast.yaml:2:8 services.a.commnd:',
      'holdfast.yaml:3:1 gatway:',
      'holdfast.yaml:4:27 policies.q.timeout:',
    ])
  })

  describe('with references to the environment', () => {
    const key = (text: string, environment: Record<string, string>): string | undefined =>
      (read(text, environment).upstreams['a'] as HttpUpstream | undefined)?.key

    it.each([
      'upstreams: { a: { url: http://x, key: ${KEY} } }',
      'upstreams: { a: { url: http://x, key: "${KEY}" } }',
      "upstreams: { a: { url: http://x, key: '${KEY}' } }",
      'upstreams:\n  a:\n    url: http://x\n    key: ${KEY} # the key\n',
      'upstreams:\n  a:\n    url: http://x\n    key: |-\n      ${KEY}\n',
    ])('fills %j with whatever the value is', (text) => {
      for (const value of [
        'plain',
        'a: b',
        '# c',
        '{',
        '}, model: x',
        '"',
        "'",
        'one\ntwo',
        '*',
        '- 1',
        '12',
      ])
        expect(key(text, { KEY: value })).toBe(value)
    })

    it('takes a default as it is written', () => {
      const text = 'upstreams: { a: { url: http://x, key: ${KEY:-a, b: "c" # d}, model: m } }'

      expect(read(text).upstreams['a']).toMatchObject({ key: 'a, b: "c" # d', model: 'm' })
    })

    it('keeps $${NAME} as ${NAME}', () => {
      expect(key('upstreams: { a: { url: http://x, key: $${KEY} } }', {})).toBe('${KEY}')
    })

    it('takes digits for a number where a number is wanted', () => {
      const { policies } = read('policies: { q: { retry: { attempts: ${N} } } }', { N: '4' })

      expect(policies['q']?.retry?.attempts).toBe(4)
    })

    it('names the place of each one that is not set', () => {
      const text = 'upstreams:\n  a: { url: "http://${HOST}/${PATH_}", key: ${KEY} }\n'

      expect(complaints(text, { HOST: 'h' })).toEqual([
        'holdfast.yaml:2:29 ${PATH_} is not set: export PATH_, or write ${PATH_:-default}',
        'holdfast.yaml:2:45 ${KEY} is not set: export KEY, or write ${KEY:-default}',
      ])
    })

    it('does not mind a comment', () => {
      expect(complaints('# key: ${KEY}\nchains: {} # ${KEY}\n')).toEqual([])
    })

    it('keeps every place after them true', () => {
      expect(
        complaint('upstreams: { a: { url: "${URL:-http://x}", key: ${KEY}, modle: m } }', { KEY: 'k' }),
      ).toBe("holdfast.yaml:1:57 upstreams.a.modle: unknown key; did you mean 'model'?")
    })

    it('shows them as they are written when the text is no YAML', () => {
      expect(complaint('services: *${NAME}\n')).toContain("'${NAME}'")
    })

    it('never tells a value', () => {
      const text = 'services: { a: { command: "run --key ${KEY} | tee log", ready: "${KEY}" } }'

      const told = complaints(text, { KEY: 'sk-very-secret' }).join('\n')

      expect(told).toContain('run --key ${KEY} | tee log')
      expect(told).not.toContain('secret')
    })
  })

  describe('with anchors', () => {
    it('takes an alias for what it stands for', () => {
      const { policies } = read('policies:\n  a: &a { timeout: 1s }\n  b: *a\n')

      expect(policies['b']).toEqual({ timeout: { total: 1_000 } })
    })

    it('merges mappings', () => {
      const { policies } = read('policies:\n  a: &a { timeout: 1s, budget: x }\n  b: { <<: *a, budget: y }\n')

      expect(policies['b']).toEqual({ timeout: { total: 1_000 }, budget: 'y' })
    })

    it('names the place where what is wrong is used', () => {
      expect(complaints('policies:\n  a: &a { timeout: 1 }\n  b: *a\n  c: { <<: *a }\n')).toEqual([
        expect.stringMatching(/^holdfast.yaml:2:20 policies.a.timeout: /),
        expect.stringMatching(/^holdfast.yaml:3:6 policies.b.timeout: /),
        expect.stringMatching(/^holdfast.yaml:4:6 policies.c.timeout: /),
      ])
    })

    it('is not blown up by aliases of aliases', () => {
      const level = (n: number): string =>
        `x${n}: &x${n} [${Array(9)
          .fill(`*x${n - 1}`)
          .join(', ')}]`
      const text = ['x0: &x0 [lol]', ...[1, 2, 3, 4, 5, 6, 7, 8].map(level)].join('\n')

      expect(complaint(text)).toMatch(/1:1 is not YAML: Excessive alias count/)
    })
  })

  describe('with names that every object has', () => {
    it.each(['constructor', 'toString', 'hasOwnProperty'])('refuses %s as a name', (name) => {
      expect(complaint(`services: { ${name}: { command: a } }`)).toBe(
        `holdfast.yaml:1:13 services.${name}: is a name that JavaScript keeps for itself: choose another`,
      )
    })

    it('refuses __proto__ as any key', () => {
      expect(complaint('services: { __proto__: { command: a } }')).toBe(
        'holdfast.yaml:1:13 this cannot be a key',
      )
      expect(complaint('__proto__: { services: {} }')).toBe('holdfast.yaml:1:1 this cannot be a key')
    })

    it('does not find them where nobody put them', () => {
      expect(
        complaints(
          'upstreams: { a: { url: http://x, policy: toString } }\nchains: { c: [constructor] }\nservices: { a: { command: a, needs: [valueOf] } }',
        ).map((line) => line.replace(/.*: there/, 'there').replace(/;.*/, '')),
      ).toEqual([
        "there is no policy 'toString'",
        "there is no upstream 'constructor'",
        "there is no service 'valueOf'",
      ])
    })
  })

  describe('is not confused by', () => {
    const bad = 'chains: {}\nupstreams:\n  a:\n    ulr: http://x\n    url: http://x\n'

    it('line ends of another system', () => {
      expect(complaint(bad.replaceAll('\n', '\r\n'))).toMatch(/:4:5 upstreams\.a\.ulr: /)
    })

    it('a byte order mark', () => {
      expect(complaint(`\uFEFF${bad}`)).toMatch(/:4:5 /)
      expect(complaint('\uFEFFgatway: {}')).toMatch(/:1:1 /)
    })

    it('numbers as names', () => {
      const text = 'services:\n  2: { command: a }\n  1: { command: b, needs: ["2"], stopGrace: 5 }\n'

      expect(complaint(text)).toMatch(/:3:45 services\.1\.stopGrace: must be a duration/)
    })

    it('a file of a thousand services', () => {
      const services = Array.from(
        { length: 1_000 },
        (_, n) => `  s${n}: { command: a, listen: 127.0.0.1:${n + 10_000} }`,
      )

      expect(complaint(['services:', ...services, '  last: { comand: a, command: a }'].join('\n'))).toMatch(
        /:1002:11 services\.last\.comand: /,
      )
    })
  })
})
