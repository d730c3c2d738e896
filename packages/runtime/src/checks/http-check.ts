import { connect } from 'node:net'
import type { HttpUpstream } from '../config/upstream.ts'
import type { UpstreamCheck } from './upstream-check.ts'

/** Whether a server answers 200 where its vendor says that it does when it is well; where that is not known, whether a connection can be made. */
export function httpCheck({ url, key }: HttpUpstream, health: string | undefined): UpstreamCheck {
  const where = new URL(url)
  return {
    ask: (signal) =>
      health === undefined ? connected(where, signal) : asked(where, { health, key, signal }),
    close: async () => {},
  }
}

interface Asking {
  readonly health: string
  readonly key: string | undefined
  readonly signal: AbortSignal
}

async function asked({ origin }: URL, { health, key, signal }: Asking) {
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` }
  const response = await fetch(`${origin}${health}`, { headers, signal, redirect: 'manual' }).catch(
    (error) => {
      throw away(origin, (error as Error).cause ?? error)
    },
  )
  await response.body?.cancel()
  const { status } = response
  if (status >= 500) throw new Error(`${origin}${health} answers ${status}`)
  if (status === 200) return undefined
  return { status: 'degraded', reason: `${origin}${health} answers ${status}, and not 200` } as const
}

function connected({ origin, protocol, hostname, port }: URL, signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve, reject) => {
    const host = hostname.replace(/^\[|\]$/g, '')
    const socket = connect({ host, port: Number(port || (protocol === 'https:' ? 443 : 80)), signal })
    socket.once('error', (error) => reject(away(origin, error)))
    socket.once('connect', () => {
      socket.destroy()
      resolve(undefined)
    })
  })
}

/** An address that has several numbers fails with several errors, and has no words of its own. */
function away(origin: string, error: unknown): Error {
  const { code, message } = Object(error) as { code?: string; message?: string }
  return new Error(`no connection to ${origin}: ${message || code}`, { cause: error })
}
