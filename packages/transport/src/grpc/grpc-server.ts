import { Server, type ServerOptions, type UntypedServiceImplementation } from '@grpc/grpc-js'
import { type Clock, demand, HoldfastError, type Pipeline, systemClock } from '@holdfast/policy'
import { type Keepalive, keepaliveOptions, usualKeepalive } from './channel-options.ts'
import { definitionOf, type GrpcService, serviceName } from './grpc-method.ts'
import { guardedHandlers } from './guarded-handlers.ts'
import { healthService } from './health-messages.ts'
import { inContext } from './incoming.ts'
import { ServedHealth } from './served-health.ts'
import { type ServerTls, serverCredentials } from './tls.ts'

/** A service, and what handles its calls: handlers as grpc-js has them. */
export interface Served {
  readonly service: GrpcService
  readonly handlers: UntypedServiceImplementation
}

export interface GrpcServerOptions {
  /** `127.0.0.1:50051`, with 0 for any port; `unix:/run/kernel.sock`. */
  readonly address: string
  readonly services: readonly Served[]
  readonly tls?: ServerTls
  /** Lets calls in; see `inContext`. Everything is let in unless it is given. */
  readonly admission?: Pipeline
  readonly keepalive?: Keepalive | false
  /** After how many ms a connection is replaced, and how many more its calls then have; connections grow as old as they like unless it is given. */
  readonly maxAge?: { readonly after: number; readonly grace: number }
  /** Further options of the server, as grpc-js has them; its interceptors stand inside ours. */
  readonly server?: ServerOptions
  readonly clock?: Clock
}

export interface GrpcServer extends AsyncDisposable {
  /** 0 on a socket of the file system. */
  readonly port: number
  /** How its services are; they serve from the beginning. */
  readonly health: ServedHealth
  /**
   * Says NOT_SERVING, takes no more calls, waits `within` ms (10,000 unless it is said) for those under way, and ends what is left. Resolves when nothing
   * is open any more; asked again it does not wait longer.
   */
  close(within?: number): Promise<void>
}

/** Errors in listening: the address is taken, or not ours. */
export class GrpcListenError extends HoldfastError {
  constructor(address: string, options: ErrorOptions) {
    super(
      'GRPC_LISTEN',
      `a gRPC server cannot listen on ${address}`,
      'Choose another address, or end whoever listens there; port 0 is any that is free.',
      options,
    )
  }
}

/**
 * A gRPC server that listens, with the health service, handlers in the context of their calls, and an end that loses none of them.
 *
 * Rejects with `GrpcListenError`.
 */
export async function grpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const { address, services, keepalive = usualKeepalive, maxAge, clock = systemClock } = options
  demand(services.length > 0, 'grpcServer.services', services, 'at least one service with its handlers')
  const server = new Server({
    ...keepaliveOptions(keepalive),
    ...(maxAge && {
      'grpc.max_connection_age_ms': maxAge.after,
      'grpc.max_connection_age_grace_ms': maxAge.grace,
    }),
    ...options.server,
    interceptors: [inContext(options.admission), ...(options.server?.interceptors ?? [])],
  })
  const health = new ServedHealth()
  server.addService(healthService, health.handlers)
  for (const { service, handlers } of services)
    server.addService(definitionOf(service), guardedHandlers(handlers))
  const port = await listening(server, options)
  for (const name of ['', ...services.map(({ service }) => serviceName(definitionOf(service)))])
    health.set(name, true)

  let closed: Promise<void> | undefined
  const close = (within = 10_000): Promise<void> => {
    closed ??= ended(server, health, (force) => clock.after(within, force))
    return closed
  }
  return { port, health, close, [Symbol.asyncDispose]: () => close() }

  function listening(bound: Server, { tls }: GrpcServerOptions): Promise<number> {
    return new Promise((resolve, reject) => {
      bound.bindAsync(address, serverCredentials(tls), (error, found) => {
        if (error === null) resolve(found)
        else reject(new GrpcListenError(address, { cause: error }))
      })
    })
  }
}

function ended(
  server: Server,
  health: ServedHealth,
  later: (force: () => void) => () => void,
): Promise<void> {
  return new Promise((resolve) => {
    health.drain()
    const enough = later(() => {
      server.forceShutdown()
      resolve()
    })
    server.tryShutdown(() => {
      enough()
      resolve()
    })
  })
}
