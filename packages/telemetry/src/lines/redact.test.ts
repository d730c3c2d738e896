import { describe, expect, it } from 'vitest'
import { redact } from './redact.ts'

const names = [
  ...[
    'authorization',
    'Proxy-Authorization',
    'cookie',
    'Set-Cookie',
    'X-Api-Key',
    'api_key',
    'apiKey',
    'APIKEY',
  ],
  ...[
    'password',
    'passwd',
    'dbPassword',
    'DATABASE_PASSWORD',
    'secret',
    'client_secret',
    'clientSecret',
    'token',
  ],
  ...[
    'access_token',
    'refreshToken',
    'private_key',
    'OPENAI_API_KEY',
    'secrets',
    'credentials',
    'pass',
    'auth',
  ],
]

describe('redact', () => {
  it.each(names)('tells nothing under %s', (name) => {
    expect(redact({ deep: [{ [name]: 'ordinary' }] })).toEqual({ deep: [{ [name]: '[redacted]' }] })
  })

  it('keeps what is no secret', () => {
    const harmless = {
      ...{ max_tokens: 100, prompt_tokens: '12', firstToken: '10s', password: true, token: null, secret: '' },
      ...{
        pwd: '/srv/app',
        key: 'user:17',
        author: 'Anna',
        monkey: 1,
        pass: 3,
        keyboard: 'x',
        nothing: undefined,
      },
    }

    expect(redact(harmless)).toEqual(harmless)
  })

  it('hides a number, a list and an object under the name of a secret', () => {
    const all = '[redacted]'

    expect(redact({ password: 1234, cookies: { a: 'b' }, secrets: ['a'], pwd: 'x', Token: ['y'] })).toEqual({
      ...{ password: all, cookies: all, secrets: all, pwd: all, Token: all },
    })
  })

  it('sees a name and its value side by side', () => {
    const seen = redact({
      argv: ['--user', 'anna', '--password', 'hunter2'],
      raw: ['Host', 'h', 'Cookie', 'a=b'],
      har: [
        { name: 'authorization', value: 'q' },
        { name: 'accept', value: '*' },
      ],
      headers: new Headers({ 'x-api-key': 'q', accept: '*' }),
      map: new Map<unknown, unknown>([
        ['password', 'q'],
        [{ a: 1 }, 2],
      ]),
      query: new URLSearchParams('token=q1w2e3&a=1'),
    })

    expect(seen).toEqual({
      argv: ['--user', 'anna', '--password', '[redacted]'],
      raw: ['Host', 'h', 'Cookie', '[redacted]'],
      har: [
        { name: 'authorization', value: '[redacted]' },
        { name: 'accept', value: '*' },
      ],
      headers: { 'x-api-key': '[redacted]', accept: '*' },
      map: { password: '[redacted]', '[object]': 2 },
      query: { token: '[redacted]', a: '1' },
    })
  })

  it('hides names of the caller, too', () => {
    expect(redact({ 'Social-Security': '1', a: 2 }, { keys: ['social_security'] })).toEqual({
      'Social-Security': '[redacted]',
      a: 2,
    })
  })

  it('tells an error with its causes, without their secrets', () => {
    const cause = Object.assign(new TypeError('GET https://u:hunter2@h failed'), {
      config: { password: 'p' },
    })
    const error = new AggregateError([new Error('password=correct-horse')], 'token=abcdef', { cause })

    const told = redact(error)

    expect(told).toMatchObject({
      type: 'AggregateError',
      message: 'token=[redacted]',
      cause: {
        type: 'TypeError',
        message: 'GET https://u:[redacted]@h failed',
        config: { password: '[redacted]' },
      },
      errors: [{ message: 'password=[redacted]' }],
    })
    expect(told).toHaveProperty('stack', expect.stringContaining('redact.test.ts'))
    expect(JSON.stringify(told)).not.toMatch(/hunter2|abcdef|horse/)
  })

  it('makes plain JSON of everything', () => {
    class Money {
      toJSON(): object {
        return { amount: 3, token: 'q' }
      }
    }
    const mixed = {
      ...{
        date: new Date(0),
        never: new Date(Number.NaN),
        url: new URL('https://a:b@c/'),
        pattern: /x/,
        big: 3n,
      },
      ...{
        bytes: new Uint8Array(3),
        buffer: new ArrayBuffer(2),
        set: new Set([1]),
        fn: () => 1,
        symbol: Symbol('s'),
      },
      ...{ money: new Money(), nan: Number.NaN, none: null, yes: true },
    }

    expect(redact(mixed)).toEqual({
      ...{
        date: '1970-01-01T00:00:00.000Z',
        never: 'Invalid Date',
        url: 'https://a:[redacted]@c/',
        pattern: '/x/',
      },
      ...{
        big: '3',
        bytes: '[3 bytes]',
        buffer: '[2 bytes]',
        set: [1],
        fn: '[function]',
        symbol: 'Symbol(s)',
      },
      ...{ money: { amount: 3, token: '[redacted]' }, nan: 'NaN', none: null, yes: true },
    })
  })

  it('survives cycles, depth, width, length, getters that throw, and proxies', () => {
    const cycle: Record<string, unknown> = { a: { b: [] } }
    cycle['self'] = cycle
    let deep: unknown = 'bottom'
    for (let level = 0; level < 100_000; level++) deep = { deep }
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    const trap = {
      get bad(): string {
        throw new Error('no')
      },
      good: 1,
    }

    expect(redact(cycle)).toEqual({ a: { b: [] }, self: '[circular]' })
    expect(JSON.stringify(redact(deep))).toContain('[too deep]')
    expect(redact({ proxy })).toEqual({ proxy: '[unreadable]' })
    expect(redact(trap)).toEqual({ bad: '[unreadable]', good: 1 })
    expect(redact(Array.from({ length: 203 }, () => 0))).toHaveLength(201)
    expect(redact(new Set(Array.from({ length: 1_000 }, (_, n) => n)))).toHaveLength(201)
    expect(
      Object.keys(redact(Object.fromEntries(Array.from({ length: 999 }, (_, n) => [`k${n}`, n])))!),
    ).toHaveLength(201)
    const wide = Array.from({ length: 200 }, () => Array.from({ length: 200 }, () => 'x'.repeat(10)))
    expect(JSON.stringify(redact(wide)).length).toBeLessThan(1_000_000)
  })

  it('cuts a long text where no secret is cut in two', () => {
    const text = `${'word '.repeat(13_100)}https://anna:${'s3cret'.repeat(9)}@example.com ${'x'.repeat(99)}`

    const cut = redact(text) as string

    expect(text.indexOf('s3cret')).toBeLessThan(65_536)
    expect(cut).toMatch(/word\[\d+ more characters\]$/)
    expect(redact('a'.repeat(70_000))).toBe('[70000 more characters]')
  })

  it('gives no object a prototype, and changes nothing', () => {
    const given = Object.freeze(JSON.parse('{"__proto__":{"polluted":true},"token":"q1w2e3"}') as object)

    const copy = redact(given) as object

    expect(Object.hasOwn(copy, '__proto__')).toBe(true)
    expect('polluted' in copy).toBe(false)
    expect(given).toHaveProperty('token', 'q1w2e3')
  })
})
