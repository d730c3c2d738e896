const scale: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `500ms`, `10s`, `2m`, `1.5h`, `7d` as milliseconds; `undefined` for anything else, a bare number included. */
export function duration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(text.trim())
  return match ? Number(match[1]) * scale[match[2]!]! : undefined
}

/** Where something listens or can be reached. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** `127.0.0.1:4700`, `[::1]:4700`, `localhost:4700` as host and port; `undefined` for anything else. */
export function address(text: string): Address | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/[\]]+)):(\d{1,5})$/.exec(text.trim())
  const port = Number(match?.[3])
  return match && port <= 65_535 ? { host: (match[1] ?? match[2])!, port } : undefined
}

/** The address as text, in the form `address` reads. */
export function addressText({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Whether only programs on this machine can reach the address. */
export function isLoopback({ host }: Address): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
