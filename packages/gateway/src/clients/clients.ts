import { hash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { headerText } from '../headers.ts'
import { Client, type ClientSurroundings } from './client.ts'
import type { ClientOptions } from './client-options.ts'

/** Who asks, as its secret says. */
export type Caller =
  | { readonly is: 'known'; readonly client: Client }
  /** It showed a secret that nobody has. */
  | { readonly is: 'unknown' }
  /** It showed none. */
  | { readonly is: 'nobody' }

export interface ClientsOptions extends ClientSurroundings {
  readonly clients: Readonly<Record<string, ClientOptions>>
}

/**
 * Knows clients by their secrets.
 *
 * They are looked up by their SHA-256. How long a look-up takes may tell something about the hash of what was guessed, and nothing about a secret:
 * whoever changes a guess by one character gets another hash altogether, so there is no coming closer step by step, and no need to compare in
 * constant time.
 */
export class Clients {
  readonly all: readonly Client[]
  readonly #bySecret: ReadonlyMap<string, Client>

  constructor({ clients, ...around }: ClientsOptions) {
    const made = Object.entries(clients).map(
      ([name, options]) => [options.sha256.toLowerCase(), new Client(name, options, around)] as const,
    )
    this.#bySecret = new Map(made)
    this.all = made.map(([, client]) => client)
  }

  /** Whose secret is in the headers: `Authorization: Bearer`, `x-api-key` or `api-key`. Where there are several, one that is known is enough. */
  caller(headers: IncomingHttpHeaders): Caller {
    const shown = secretsIn(headers)
    for (const secret of shown) {
      const client = this.#bySecret.get(hash('sha256', secret, 'hex'))
      if (client) return { is: 'known', client }
    }
    return { is: shown.length === 0 ? 'nobody' : 'unknown' }
  }
}

function secretsIn(headers: IncomingHttpHeaders): string[] {
  const [, bearer] = /^bearer +(\S+) *$/i.exec(headers.authorization ?? '') ?? []
  const shown = [bearer, headerText(headers['x-api-key']), headerText(headers['api-key'])]
  return shown.flatMap((each) => each || [])
}
