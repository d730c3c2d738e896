import { describe, expect, it } from 'vitest'
import { redactText } from './redact-text.ts'

const ordinary = [
  'request done in 30 ms',
  'order 550e8400-e29b-41d4-a716-446655440000 is shipped',
  'commit 7062768f0c3d4b1a2e5f60718293a4b5c6d7e8f9 is on main',
  'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 pulled',
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk',
  'https://example.com:8080/a/b?page=2&sort=name#top',
  'ssh://git@github.com/acme/app.git',
  'postgres://127.0.0.1:5432/app',
  'npm:@scope/name@1.2.3',
  'mail to anna@example.com: done',
  'Unexpected token } in JSON at position 3',
  'Unexpected token: }, expected string',
  'max_tokens=4096 prompt_tokens: 12',
  'first token: 30ms',
  'a task-force-of-many-words and risk-based-testing',
  'basic understanding of bearer authentication',
  'a Bearer token is missing, send a bearer header',
  'sk_buff_head_init sk-learn and sk-SK',
  'WWW-Authenticate: Bearer realm=api',
  'cache key=user:17 hit',
  'monkey=banana keyboard: qwerty',
  'fetch(url, { credentials: include })',
  '    at Object.<anonymous> (/srv/app/src/token-store.ts:12:5)',
  'password=',
  'tokens=[1, 2, 3] tokens: []',
  'token=null secret=undefined password=true',
  `password=$${'{'}DATABASE_PASSWORD}`,
  'npm_config_registry and hf_transfer',
  '2026-11-21T10:00:00.000Z [info] 10.0.0.1:443 → 200',
  '',
]

const hostile = [
  ...['a', '1', '-', '\\', ' ', '://', '://a', 'a.', 'sk-', 'sk-a-', 'eyJ', 'eyJaaaaaaaaa.', 'xox', 'key'],
  ...['password=', 'password="', 'password=\'"', 'password=\\"', 'token: ', 'token=[redacted', '--token '],
  ...[
    'key=.',
    'cookie:"',
    'bearer ',
    '-----BEGIN ',
    '-----BEGIN PRIVATE KEY-----',
    'password=[redacted ',
    'password=)',
    'token=)',
    'tokens=[1',
    'secret={',
    '&token=',
    ')',
    '[',
    'token: )',
  ],
]

describe('redactText', () => {
  it.each(ordinary)('leaves %j alone', (text) => {
    expect(redactText(text)).toBe(text)
  })

  it.each([
    ['password=hunter2 x', 'password=[redacted] x'],
    ['{"password":"hun\\"ter2","a":1}', '{"password":"[redacted]","a":1}'],
    ['{\\"token\\":\\"abc\\",\\"a\\":1}', '{\\"token\\":\\"[redacted]\\",\\"a\\":1}'],
    ["db: { dbPassword: 'p w', port: 1 }", "db: { dbPassword: '[redacted]', port: 1 }"],
    ['Authorization: Digest username=a, response=b\nnext', 'Authorization: [redacted]\nnext'],
    ['curl -H "Cookie: a=b; c=d" url', 'curl -H "Cookie: [redacted]" url'],
    ['curl --password hunter2 --verbose', 'curl --password [redacted] --verbose'],
    ['https://u:p@h/x?api_key=q&b=1', 'https://u:[redacted]@h/x?api_key=[redacted]&b=1'],
    ['redis://:pa@ss@h:6379', 'redis://:[redacted]@h:6379'],
    ['x?redirect=y%3Ftoken%3Dabc&z=1', 'x?redirect=y%3Ftoken%3D[redacted]&z=1'],
    ['https://x.blob.net/y?sv=1&sig=abc%3D', 'https://x.blob.net/y?sv=1&sig=[redacted]'],
    ['https://hooks.slack.com/services/T0/B0/xyz', 'https://hooks.slack.com/services/[redacted]'],
    ['OPENAI_API_KEY=abc', 'OPENAI_API_KEY=[redacted]'],
    ['invalid key: 0123456789abcdef01234567', 'invalid key: [redacted]'],
    ['got Bearer abcdef instead', 'got Bearer [redacted] instead'],
    ['got sk-other-zzyzxzz instead', 'got [redacted] instead'],
    ['keys xai-wordsandwordswords, gsk_wordsandwordswords', 'keys [redacted], [redacted]'],
    ['got Bearer abc12345 instead', 'got Bearer [redacted] instead'],
    ['-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nafter', '[redacted]\nafter'],
    ['-----BEGIN PRIVATE KEY-----\\nabc that was cut off', '[redacted]'],
    ['{"passwords":["hunter2","b"],"x":1}', '{"passwords":[redacted],"x":1}'],
    ["{ secret: { a: { b: 'x' }, c: 'y' }, d: 1 }", '{ secret: [redacted], d: 1 }'],
    ['secrets: [never closed', 'secrets: [redacted]'],
    ['DB_PASSWORD=a&b,c)d<e\\f g', 'DB_PASSWORD=[redacted] g'],
    ['(password=abc)', '(password=[redacted])'],
    ['Server=db;Password=a$b;Port=1', 'Server=db;Password=[redacted];Port=1'],
    ['x?my.api_key=a#top', 'x?my.api_key=[redacted]#top'],
    ["cookies: 'a=b'", "cookies: '[redacted]'"],
    ['token "never closed', 'token "never closed'],
    ['token: "never closed', 'token: "[redacted]'],
  ])('makes %j %j', (text, expected) => {
    expect(redactText(text)).toBe(expected)
  })

  it.each(hostile)('takes linear time for a megabyte of %j', (unit) => {
    const text = unit.repeat(Math.floor(1_000_000 / unit.length))
    const began = performance.now()

    redactText(text)

    // Quadratic time would be minutes.
    expect(performance.now() - began).toBeLessThan(2_000)
  })
})
