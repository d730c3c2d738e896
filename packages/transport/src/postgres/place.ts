import { demand, OptionError } from '@holdfast/policy'
import type { ClientConfig } from 'pg'
import { type Address, address } from './address.ts'
import type { PostgresOptions } from './postgres-options.ts'

export interface Place {
  readonly first: Address
  /** Who we are there, as `pg` takes it. */
  readonly login: ClientConfig
}

/** Where a database is and who we are there, from a URL or from options one by one. A URL is never shown: it may hold a password. */
export function place(options: PostgresOptions): Place {
  const { url, host, port = 5_432, user, password, database, ssl } = options
  const either = (url === undefined) !== (host === undefined)
  const given = url === undefined ? undefined : 'given'
  demand(either, 'postgres.url', given, 'given, or else postgres.host, and not both')
  if (host !== undefined)
    return { first: located('host', host, port), login: present({ user, password, database, ssl }) }
  for (const name of ['port', 'user', 'password', 'database'] as const)
    demand(options[name] === undefined, `postgres.${name}`, 'given', 'left out: postgres.url says it')
  const allowed = 'postgres://user:password@host:port/database'
  // An error of URL itself shows all of it, the password too.
  if (typeof url !== 'string' || !URL.canParse(url))
    throw new OptionError('postgres.url', 'one that cannot be read', allowed)
  const parsed = new URL(url)
  const scheme = parsed.protocol === 'postgres:' || parsed.protocol === 'postgresql:'
  demand(scheme, 'postgres.url', `one that begins with ${parsed.protocol}`, allowed)
  for (const name of parsed.searchParams.keys())
    demand(
      name === 'host' || name === 'sslmode',
      'postgres.url',
      `one with ?${name}=`,
      'one with host and sslmode only; give the rest as options',
    )
  const at = parsed.searchParams.get('host') ?? parsed.hostname
  const login = {
    user: decoded(parsed.username),
    password: decoded(parsed.password),
    database: decoded(parsed.pathname.slice(1)),
    ssl: ssl ?? secured(parsed.searchParams.get('sslmode')),
  }
  return {
    first: located('url: host', decoded(at) ?? '', Number(parsed.port || port)),
    login: present(login),
  }
}

/** An address, or an `OptionError`. */
export function located(option: string, text: string, port: number): Address {
  const found = typeof text === 'string' ? address(text, port) : undefined
  // What is no host may be a whole URL, with a password.
  const received = typeof text === 'string' && /[@/]/.test(text) ? 'one that cannot be read' : text
  if (found === undefined)
    throw new OptionError(`postgres.${option}`, received, 'a host, host:port or the folder of a socket')
  return found
}

/** `require` is taken at its word: encrypted to who the certificate says it is. */
function secured(mode: string | null): ClientConfig['ssl'] | undefined {
  switch (mode) {
    case null:
      return undefined
    case 'disable':
      return false
    case 'require':
    case 'verify-ca':
    case 'verify-full':
      return true
    case 'no-verify':
      return { rejectUnauthorized: false }
    default:
      throw new OptionError('postgres.url: sslmode', mode, 'disable, require, verify-full or no-verify')
  }
}

function present(login: { readonly [K in keyof ClientConfig]: ClientConfig[K] | undefined }): ClientConfig {
  return Object.fromEntries(Object.entries(login).filter(([, value]) => value !== undefined))
}

/** Undefined for nothing, and for what is no percent-encoding the text as it is. */
function decoded(text: string): string | undefined {
  if (text === '') return undefined
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
