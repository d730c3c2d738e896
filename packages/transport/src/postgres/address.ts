/** Where a server listens: a port of a host, or a socket in a folder. */
export interface Address {
  readonly host: string
  readonly port: number
  /** Of the socket, where `host` is a folder. */
  readonly path: string | undefined
}

/** `db.internal`, `db.internal:5433`, `[::1]:5432`, or a folder such as `/run/postgresql`; undefined for what is none of them. */
export function address(text: string, port = 5_432): Address | undefined {
  if (text.startsWith('/')) return { host: text, port, path: `${text}/.s.PGSQL.${port}` }
  const found = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/@?#]+))(?::(\d{1,5}))?$/.exec(text)
  if (found === null) return undefined
  const at = found[3] === undefined ? port : Number(found[3])
  return at > 0 && at < 65_536 ? { host: (found[1] ?? found[2])!, port: at, path: undefined } : undefined
}

/** As a person reads it. */
export function shown({ host, port, path }: Address): string {
  return path ?? (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)
}
