import { lookup } from 'node:dns/promises'
import net from 'node:net'
import { getSystemErrorName } from 'node:util'
import { GovernorError } from './governor-error.ts'

export interface Address {
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
}

/** A bound socket that children listen on, one after another. Connections made while none lives wait for the next. */
export interface HeldListener {
  /** As it was asked for. */
  readonly host: string
  /** The real one, also when 0 was asked for. */
  readonly port: number
  readonly fd: number
  /** Lets go of the socket; a child that listens on it keeps its own hold. */
  close(): void
}

/**
 * Binds an address, without listening on it; a child does that with `server.listen({ fd: 3 })`.
 *
 * Throws `ADDRESS_IN_USE` when another program has it, and `ADDRESS_UNUSABLE` when nobody can have it here.
 */
export const holdListener = async ({ host, port }: Address): Promise<HeldListener> => {
  const { address, family } = await resolved({ host, port })
  // libuv reports a taken address only at listen(), which must not happen here: so a real listener tries it first.
  await tryListen({ host: address, port })
  const handle = bind(address, port, family === 6 ? 6 : 4, -1, 0)
  if (typeof handle === 'number')
    throw refusal(
      { host, port },
      Object.assign(new Error('bind failed'), { code: getSystemErrorName(handle) }),
    )
  const name: { port?: number } = {}
  handle.getsockname(name)
  return { host, port: name.port ?? port, fd: handle.fd, close: () => handle.close() }
}

/** Whether a program could listen on the address now. Throws `ADDRESS_UNUSABLE` when none ever could. */
export const addressFree = async ({ host, port }: Address): Promise<boolean> => {
  const { address } = await resolved({ host, port })
  try {
    await tryListen({ host: address, port })
    return true
  } catch (error) {
    if (error instanceof GovernorError && error.code === 'ADDRESS_IN_USE') return false
    throw error
  }
}

interface BoundHandle {
  readonly fd: number
  getsockname(into: { port?: number }): number
  close(): void
}

/*
 * The one private call of this package. Binding without listening has no public form in Node: a net.Server listens as
 * soon as it binds, and would then accept connections that nobody answers. node:net exports this function for
 * node:cluster; a negative number is a system error.
 */
const bind = (
  net as unknown as {
    _createServerHandle(
      host: string,
      port: number,
      family: 4 | 6,
      fd: number,
      flags: number,
    ): BoundHandle | number
  }
)._createServerHandle

const resolved = async ({ host, port }: Address): Promise<{ address: string; family: number }> => {
  try {
    return await lookup(host)
  } catch (error) {
    throw refusal({ host, port }, error as NodeJS.ErrnoException)
  }
}

const tryListen = (address: Address): Promise<void> =>
  new Promise((resolve, reject) => {
    const server = net.createServer()
    server.once('error', (error) => reject(refusal(address, error)))
    server.listen({ ...address, exclusive: true }, () => server.close(() => resolve()))
  })

const refusal = ({ host, port }: Address, cause: NodeJS.ErrnoException): GovernorError => {
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`
  if (cause.code === 'EADDRINUSE')
    return new GovernorError(
      'ADDRESS_IN_USE',
      `${where} is already in use by another program`,
      'stop it or choose another port',
      { cause },
    )
  return new GovernorError(
    'ADDRESS_UNUSABLE',
    `cannot listen on ${where} (${cause.code})`,
    'choose an address of this machine and a port that this user may open',
    { cause },
  )
}
