import type { IncomingHttpHeaders } from 'node:http'

/** What a client says about answers from the cache (RFC 9111 §5.2.1). */
export interface CacheControl {
  /** Whether the answer may be kept, and be one that somebody else gets at the same time. */
  readonly store: boolean
  /** How old an answer may be, in ms; 0 asks for a new one. */
  readonly maxAge: number
}

/** Reads the `cache-control` of a request. What it does not know it passes over, as the RFC has it; an age that cannot be read is none. */
export function cacheControl(headers: IncomingHttpHeaders): CacheControl {
  const said = headers['cache-control']
  if (said === undefined) return whatever
  const directives = new Map(
    said.split(',').map((each) => {
      const [name = '', value = ''] = each.split('=', 2)
      return [name.trim().toLowerCase(), value.trim().replace(/^"(.*)"$/, '$1')] as const
    }),
  )
  return {
    store: !directives.has('no-store'),
    maxAge: directives.has('no-cache') ? 0 : ageOf(directives.get('max-age')),
  }
}

const whatever: CacheControl = { store: true, maxAge: Infinity }

function ageOf(seconds: string | undefined): number {
  if (seconds === undefined) return Infinity
  return /^\d+$/.test(seconds) ? Number(seconds) * 1_000 : 0
}
