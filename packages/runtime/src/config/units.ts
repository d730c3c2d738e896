import { isIP, isIPv4, isIPv6 } from 'node:net'

const scale: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `500ms`, `10s`, `2m`, `1.5h`, `7d` as milliseconds; `undefined` for anything else, a bare number included. */
export function duration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(text.trim())
  return match ? Number(match[1]) * scale[match[2]!]! : undefined
}

const sizes: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
}

/** `512MB`, `1.5GiB`, `800kB` as whole bytes; `undefined` for anything else, a bare number included. */
export function bytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(B|kB|MB|GB|KiB|MiB|GiB)$/.exec(text.trim())
  return match ? Math.round(Number(match[1]) * sizes[match[2]!]!) : undefined
}

/** Where something listens or can be reached. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** `127.0.0.1:4700`, `[::1]:4700`, `localhost:4700` as host and port, one spelling for each host; `undefined` for anything else. */
export function address(text: string): Address | undefined {
  const [, six, name, digits] = /^(?:\[(.+)\]|([^\s:/[\]]+)):(\d{1,5})$/.exec(text.trim()) ?? []
  const host = six === undefined ? name?.toLowerCase() : shortest(six)
  const port = Number(digits)
  if (host === undefined || port > 65_535) return undefined
  // What looks like an IPv4 address and is none would be asked of a name server.
  return /^[\d.]+$/.test(host) && !isIPv4(host) ? undefined : { host, port }
}

function shortest(six: string): string | undefined {
  return isIPv6(six) ? new URL(`http://[${six}]`).hostname.slice(1, -1) : undefined
}

/** The address as text, in the form `address` reads. */
export function addressText({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Whether only programs on this machine can reach the address. */
export function isLoopback({ host }: Address): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}

/** The same of an address as text. */
export function isLoopbackText(text: string): boolean {
  const read = address(text)
  return read !== undefined && isLoopback(read)
}

/** Whether two programs cannot listen on both: one address, or one that takes in the other. */
export function clash(a: Address, b: Address): boolean {
  return a.port === b.port && (takesIn(a.host, b.host) || takesIn(b.host, a.host))
}

function takesIn(host: string, other: string): boolean {
  if (host === '::') return true
  if (host === '0.0.0.0') return isIP(other) !== 6
  return numbered(host) === numbered(other)
}

function numbered(host: string): string {
  return host === 'localhost' ? '127.0.0.1' : host
}
