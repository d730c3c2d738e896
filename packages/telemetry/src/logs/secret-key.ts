/** What stands where a secret was. */
export const redacted = '[redacted]'

const whole = new Set([
  ...['authorization', 'proxyauthorization', 'cookie', 'setcookie', 'cookie2', 'auth', 'pass', 'pwd', 'otp'],
  ...['credential', 'signature', 'sig', 'xamzsignature', 'xgoogsignature', 'dsn', 'sshkey', 'licensekey'],
])
const endings =
  /(?:password|passwd|passphrase|passcode|secret|apikey|privatekey|secretkey|accesskey|accesskeyid|signingkey|encryptionkey|masterkey|secrettoken|credentials?|authorization|cookie)$/
const tokens = /tokens?$/

/**
 * Whether what stands under this name must not be told.
 *
 * Case, `-`, `_`, `.` and spaces do not count, and neither does what stands before: `X-Api-Key`, `OPENAI_API_KEY` and `apiKey` are one.
 * Truths, emptiness and counts are no secrets: `password: true`, `max_tokens: 100`.
 */
export function isSecret(key: string, value: unknown, extra: ReadonlySet<string> = none): boolean {
  if (key.length > 256 || value === undefined || value === null || value === '') return false
  if (typeof value === 'boolean' || typeof value === 'function') return false
  const name = plain(key)
  const single = name.endsWith('s') ? name.slice(0, -1) : name
  if (extra.has(name)) return true
  if (tokens.test(name)) return !isCount(value)
  if (name === 'pwd') return !(typeof value === 'string' && /^(?:\/|[A-Za-z]:\\)/.test(value))
  if (name === 'pass' || name === 'auth' || name === 'sig') return typeof value === 'string'
  return whole.has(name) || whole.has(single) || endings.test(name) || endings.test(single)
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
