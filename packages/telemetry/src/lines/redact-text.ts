import { isHarmlessText } from './harmless.ts'
import { redacted } from './secret-key.ts'

/*
 * Every pattern is linear: it begins with a literal, and what follows it is one run of characters that ends before the next such literal can begin,
 * or is bounded. What cannot be said so is decided in a function that sees the run once.
 */

/** Tokens that say by their beginning what they are. */
const prefixed = new RegExp(
  `(?<![A-Za-z0-9])(?:${[
    '(?:sk|rk)[-_][A-Za-z0-9_*.-]{12,}',
    'pk_(?:live|test)_[A-Za-z0-9]{12,}',
    '(?:hf|npm|gsk|r8|whsec|lin_api|dop_v1|shp(?:at|ss|ca|pa)|rpa|phc|phx)_[A-Za-z0-9]{16,}',
    '(?:xai|glpat|gldt|nvapi|pplx|tvly|csk|pypi|sq0atp|sq0csp)-[A-Za-z0-9_-]{16,}',
    'key-[0-9a-f]{32}',
    '(?:hvs|hvb|ya29)\\.[A-Za-z0-9_-]{16,}',
    'gh[opusr]_[A-Za-z0-9]{16,}',
    'github_pat_[A-Za-z0-9_]{16,}',
    'xox[a-z]-[A-Za-z0-9-]{8,}',
    'xapp-[A-Za-z0-9-]{8,}',
    '(?:AKIA|ASIA)[A-Z0-9]{12,}',
    'AIza[A-Za-z0-9_-]{16,}',
    'SG\\.[A-Za-z0-9_-]{16,}(?:\\.[A-Za-z0-9_-]+)?',
    'eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]+(?:\\.[A-Za-z0-9_-]*){0,3}',
    'AGE-SECRET-KEY-[A-Z0-9]{16,}',
    '\\d{8,10}:AA[A-Za-z0-9_-]{30,}',
  ].join('|')})`,
  'g',
)
/** Beginnings that nothing but keys has: what follows them is one, even if it is made of words. */
const owned =
  /^(?:sk-|gsk_|xai-|csk-|nvapi-|pplx-|tvly-|glpat-|gldt-|gh[opusr]_|github_pat_|xox|whsec_|[sr]k_(?:live|test)_)/
const userinfo = /:\/\/([^\s/?#"'<>`\\]*)@/g
const scheme = /\b(bearer|basic|negotiate)([ \t]{1,4}|%20|\+)([A-Za-z0-9._~+/=*-]{6,})/gi
const webhook =
  /(hooks\.slack\.com\/(?:services|workflows)\/|discord(?:app)?\.com\/api\/webhooks\/)[A-Za-z0-9/_-]+/g
const pem = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g
/** A name, and what stands between it and its value. */
const assigned = new RegExp(
  `(?:(${[
    'passw(?:or)?d|passphrase|passcode|pwd|secret(?:[-_ ]?(?:access[-_ ]?)?key)?',
    '(?:api|access|private|signing|encryption|master|account|shared[-_ ]?access)[-_ ]?key(?:[-_ ]?id)?',
    '(?<=[?&;])(?:sig|signature|x-amz-signature|x-amz-credential)',
  ].join(
    '|',
  )})s?|(tokens?|credentials?)|((?<![A-Za-z0-9_-])key)|((?:proxy-)?authorization|(?:set-)?cookies?))((?:\\\\{0,7}["'\\]])?\\s{0,4}(?:=>|=|:|%3D)\\s{0,4}|(?<=--[a-z-]{0,40})[ ]{1,4}(?!-))`,
  'gi',
)

/**
 * The text with `[redacted]` in place of all that looks like a secret: keys of known providers (`sk-…`, `ghp_…`, `AKIA…`, `xox…`), JSON web tokens,
 * private keys, `Bearer …`, passwords in URLs, and what follows `password=`, `api_key:`, `"token":`, `Authorization:`, `Cookie:` and their like.
 *
 * UUIDs, hashes and other long text without such a name are left alone. The time it takes is linear in the length of the text. What is
 * redacted already stays as it is. Never throws.
 */
export function redactText(text: string): string {
  if (isHarmlessText(text)) return text
  let out = text.includes('-----BEGIN') ? privateKeys(text) : text
  if (naming.test(out)) out = assignments(out)
  if (out.includes('://')) out = out.replace(userinfo, withoutPassword)
  if (prefixes.test(out))
    out = out.replace(prefixed, (token) => (owned.test(token) || looksRandom(token) ? redacted : token))
  if (out.includes('hook')) out = out.replace(webhook, `$1${redacted}`)
  if (schemes.test(out)) {
    out = out.replace(scheme, (all, name: string, space: string, value: string) =>
      (name.toLowerCase() === 'bearer' ? isAbout : isWord).test(value) ? all : `${name}${space}${redacted}`,
    )
  }
  return out
}

/*
 * Most texts have none of these: to look for the beginning of a pattern costs a tenth of what the pattern costs.
 */
const naming = /pass|pwd|secret|key|token|credential|authoriz|cookie|sig/i
const schemes = /bearer|basic|negotiate/i
const prefixes = /[-_][A-Za-z0-9_*.-]{8}|A(?:KIA|SIA|Iza)|eyJ|:AA|SG\.|hv[sb]\.|ya29\./

function privateKeys(text: string): string {
  let out = ''
  let from = 0
  pem.lastIndex = 0
  for (let found = pem.exec(text); found !== null; found = pem.exec(text)) {
    const end = text.indexOf('-----END', pem.lastIndex)
    const close = end === -1 ? -1 : text.indexOf('-----', end + 8)
    out += text.slice(from, found.index) + redacted
    from = close === -1 ? text.length : close + 5
    pem.lastIndex = from
  }
  return from === 0 ? text : out + text.slice(from)
}

function assignments(text: string): string {
  let out = ''
  let from = 0
  assigned.lastIndex = 0
  for (let found = assigned.exec(text); found !== null; found = assigned.exec(text)) {
    const start = assigned.lastIndex
    const [, , token, key, header] = found
    if (key !== undefined && !opaque(text, start)) continue
    const { open, end } = valueAt(text, start, header !== undefined ? lineRun : runFor(text, found.index))
    const value = text.slice(open, end)
    const quoted = open > start
    const prose = !quoted && /\s$/.test(found[0])
    const keep =
      value === '' ||
      value === redacted ||
      value === '[redacted' ||
      /^(?:true|false|null|undefined|\$\{\w*)$/.test(value) ||
      (token !== undefined && (isNumber(value) || (prose && !looksSecret(value))))
    if (!keep) {
      out += text.slice(from, open) + redacted
      from = end
      assigned.lastIndex = end
    }
  }
  return from === 0 ? text : out + text.slice(from)
}

/** From where to where the value stands that begins at `start`, without its quotes. */
function valueAt(text: string, start: number, run: RegExp): { open: number; end: number } {
  const opener = quote.exec(text.slice(start, start + 9))?.[0]
  if (opener === undefined) {
    if (/^[[{]/.test(text[start] ?? '') && !text.startsWith(redacted, start)) {
      return { open: start, end: closing(text, start) }
    }
    return { open: start, end: trimmed(text, start, runEnd(run, text, start)) }
  }
  const open = start + opener.length
  const mark = opener.at(-1)!
  const depth = opener.length - 1
  for (let at = text.indexOf(mark, open); at !== -1; at = text.indexOf(mark, at + 1)) {
    let slashes = 0
    while (slashes <= 8 && at - 1 - slashes >= open && text[at - 1 - slashes] === '\\') slashes++
    if (slashes === depth || (depth === 0 && slashes % 2 === 0)) return { open, end: at - depth }
  }
  return { open, end: text.length }
}

const quote = /^\\{0,7}["'`]/
const opaqueRun = /\\{0,7}["'`]?[A-Za-z0-9+/_=-]{20}/y
const wordRun = /(?:[^\s"'`;\\]|\\(?![nrt"'`]))*/y
const parameterRun = /[^\s"'`;&\\<>#]*/y
const lineRun = /[^\r\n"'`\\]*/y

/** In a URL a value ends where the next parameter begins; elsewhere a password may have any character but white space. */
function runFor(text: string, name: number): RegExp {
  for (let at = name - 1; at >= 0 && at > name - 40; at--) {
    const char = text[at]!
    if (char === '?' || char === '&' || char === '%') return parameterRun
    if (!/[A-Za-z0-9_.-]/.test(char)) break
  }
  return wordRun
}

/** Where the bracket closes that opens at `start`. */
function closing(text: string, start: number): number {
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const char = text[at]
    if (char === '[' || char === '{') depth++
    else if ((char === ']' || char === '}') && --depth === 0) return at + 1
  }
  return text.length
}

/** Without what closes something that was opened before the value. */
function trimmed(text: string, start: number, end: number): number {
  let last = end
  while (last > start && ',)}]&>'.includes(text[last - 1]!)) last--
  return last
}

/** Whether 20 characters of a key stand there: what is named only `key` is mostly a name. */
function opaque(text: string, start: number): boolean {
  opaqueRun.lastIndex = start
  return opaqueRun.test(text)
}

function runEnd(run: RegExp, text: string, start: number): number {
  run.lastIndex = start
  run.test(text)
  return run.lastIndex
}

/** `user:password@`, and a user name so long that it is a token. */
function withoutPassword(all: string, who: string): string {
  const colon = who.indexOf(':')
  if (colon !== -1) return colon === who.length - 1 ? all : `://${who.slice(0, colon)}:${redacted}@`
  return who.length >= 16 && looksRandom(who) ? `://${redacted}@` : all
}

/** Words joined by hyphens are not random; real keys have digits, or both cases, or stars in the middle. */
function looksRandom(token: string): boolean {
  const body = token.slice(token.search(/[-_.:]/) + 1)
  return /\d|\*\*/.test(body) || /[a-z][A-Z]|[A-Z][a-z]*[A-Z]/.test(body) || /^[A-Z0-9]{16,}$/.test(body)
}

function looksSecret(value: string): boolean {
  return value.length >= 6 && (/\d/.test(value) || /[a-z][A-Z]/.test(value) || value.length >= 24)
}

/** "Basic understanding". */
const isWord = /^(?:(?:[A-Z]?[a-z]{1,20}|[a-z]{1,12}-[a-z]{1,12})[.]?$|realm=)/
/** "Bearer authentication"; any other word that stands there may be a token. */
const isAbout =
  /^(?:(?:auth(?:entication|orization)?|tokens?|tokens?-based|scheme|header|credentials?|challenge|method|format|prefix|string|instead|missing|required|expected)[.]?$|realm=|error=|scope=)/i

function isNumber(value: string): boolean {
  return /^(?:\d{1,5}(?:\.\d+)?(?:ms|s|m)?|\[[\d\s.,]*\])$/.test(value)
}
