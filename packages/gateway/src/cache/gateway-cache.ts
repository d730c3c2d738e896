import type { Happening } from '../gateway-event.ts'
import { Shelves } from './shelves.ts'

/** Where the answers of all chains that have a `cache` are kept. */
export interface GatewayCache {
  /** Bytes in the memory of this process (64 MB). */
  readonly memory?: number | undefined
  /** Bytes on the disk (1 GB), of all processes that have the folder. */
  readonly disk?: number | undefined
  /** A folder for the answers of chains that say `keep: disk`. They are what was asked for and answered, and only this user can read them. */
  readonly folder?: string | undefined
  /** Ms since 1970: by default the clock on the wall, since answers may be older than the process. */
  readonly wall?: (() => number) | undefined
}

/** The shelves for the chains of a gateway. */
export function shelvesFor(
  { memory = 64_000_000, disk = 1_000_000_000, folder, wall = Date.now }: GatewayCache,
  tell: (event: Happening) => void,
): Shelves {
  return new Shelves({
    memory,
    disk: folder === undefined ? undefined : { folder, most: disk },
    wall,
    complain: (error) => tell({ type: 'cache.failed', error }),
  })
}
