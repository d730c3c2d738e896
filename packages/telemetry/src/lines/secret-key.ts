/** What stands where a secret was. */
export const redacted = '[redacted]'

const whole = new Set([
  ...['authorization', 'proxyauthorization', 'cookie', 'setcookie', 'cookie2', 'auth', 'pass', 'pwd', 'otp'],
  ...['credential', 'signature', 'sig', 'xamzsignature', 'xgoogsignature', 'dsn', 'sshkey', 'licensekey'],
])
const endings =
  /(?:password|passwd|passphrase|passcode|secret|apikey|privatekey|secretkey|accesskey|accesskeyid|signingkey|encryptionkey|masterkey|secrettoken|credentials?|authorization|cookie)$/
const tokens = /tokens?$/

/** Each name of a secret has one of these in it, and what `plain` takes away may stand between their letters, in JSON also escaped. */
const parts = ['pass', 'pwd', 'secret', 'key', 'token', 'cred', 'auth', 'cookie', 'sig', 'otp', 'dsn']
const between = '(?:[-_.\\s]|\\\\[tnrf])*'
/** The `t` of `\t` begins no name: a run of them would be looked through from each. */
const beginning = (letter: string): string => (letter === 't' ? 't(?<!(?<!\\\\)\\\\t)' : letter)
const spelt = ([first = '', ...letters]: string): string => [beginning(first), ...letters].join(between)

/** What a line with JSON in it has if one of its names may be that of a secret, or if one of its letters is escaped; and the schemes of `Authorization`. */
export const suspiciousName: RegExp = new RegExp(
  `${parts.map(spelt).join('|')}|\\\\u|bearer|basic|negotiate`,
  'i',
)

/**
 * Whether what stands under this name must not be told.
 *
 * Case, `-`, `_`, `.` and spaces do not count, and neither does what stands before: `X-Api-Key`, `OPENAI_API_KEY` and `apiKey` are one.
 * Truths, emptiness and counts are no secrets: `password: true`, `max_tokens: 100`.
 */
export function isSecret(key: string, value: unknown, extra: ReadonlySet<string> = none): boolean {
  if (key.length > 256 || value === undefined || value === null || value === '') return false
  if (typeof value === 'boolean' || typeof value === 'function') return false
  if (extra.size > 0 && extra.has(plain(key))) return true
  switch (kindOf(key)) {
    case 'harmless':
      return false
    case 'token':
      return !isCount(value)
    case 'folder':
      return !(typeof value === 'string' && /^(?:\/|[A-Za-z]:\\)/.test(value))
    case 'text':
      return typeof value === 'string'
    default:
      return true
  }
}

type Kind = 'secret' | 'token' | 'folder' | 'text' | 'harmless'

/** Names come again and again: what was found out of the last thousand is kept. */
const kinds = new Map<string, Kind>()

function kindOf(key: string): Kind {
  let kind = kinds.get(key)
  if (kind === undefined) {
    if (kinds.size >= 1_000) kinds.clear()
    kind = classified(plain(key))
    kinds.set(key, kind)
  }
  return kind
}

function classified(name: string): Kind {
  const single = name.endsWith('s') ? name.slice(0, -1) : name
  if (tokens.test(name)) return 'token'
  if (name === 'pwd') return 'folder'
  if (name === 'pass' || name === 'auth' || name === 'sig') return 'text'
  const secret = whole.has(name) || whole.has(single) || endings.test(name) || endings.test(single)
  return secret ? 'secret' : 'harmless'
}

/** A key as it is compared. */
export function plain(key: string): string {
  return key.toLowerCase().replace(/[-_.\s]/g, '')
}

const none: ReadonlySet<string> = new Set()

/** `first_token: 0.3`, `max_tokens: '4096'`. */
function isCount(value: unknown): boolean {
  return (
    typeof value === 'number' || (typeof value === 'string' && /^\d{1,5}(?:\.\d+)?(?:ms|s|m)?$/.test(value))
  )
}
