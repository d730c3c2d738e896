import { type ChannelOptions, Client } from '@grpc/grpc-js'
import { breaker, budget, demand, type Pipeline, retry, timeout, wrap } from '@holdfast/policy'
import { WireFailure } from '../failure.ts'
import {
  connectionOptions,
  type Keepalive,
  keepaliveOptions,
  type Reconnect,
  usualKeepalive,
  usualReconnect,
} from './channel-options.ts'
import { GrpcRefusal } from './grpc-failure.ts'
import {
  definitionOf,
  type GrpcCalls,
  type GrpcMetadata,
  type GrpcMethod,
  type GrpcService,
  serviceName,
} from './grpc-method.ts'
import type { ServingStatus } from './health-messages.ts'
import { type StreamRetries, serviceConfig } from './service-config.ts'
import { bidiStreamCall, clientStreamCall, serverStreamCall } from './streaming-call.ts'
import { type ClientTls, clientCredentials, nameOptions } from './tls.ts'
import { unaryCall } from './unary-call.ts'
import { WatchedHealth } from './watched-health.ts'
import type { Wire, WireMethod } from './wire.ts'

export interface GrpcClientOptions {
  /** As grpc-js has it: `127.0.0.1:50051`, `dns:///kernel:50051`, `unix:/run/kernel.sock`. */
  readonly address: string
  /** What calls go through: one pipeline for all methods, or one for each, by its path. See `grpcClient` for what there is otherwise. */
  readonly pipeline?: Pipeline | ((method: string) => Pipeline)
  /** What its breakers and its budget are known by; the address unless it is said. */
  readonly name?: string
  /** Methods that may be done twice: their names in the definition, or whether one is, by its path. */
  readonly idempotent?: readonly string[] | ((method: string) => boolean)
  /** How grpc-js tries streams of idempotent methods again; not at all unless it is said. */
  readonly streamRetries?: StreamRetries
  /** `true` for the authorities that Node trusts. */
  readonly tls?: ClientTls | boolean
  /** Goes along with every call. */
  readonly metadata?: GrpcMetadata
  readonly waitForReady?: boolean
  /** The service whose health it watches: `true` for the one it is made for, `''` for the server. Not watched unless it is said. */
  readonly health?: boolean | string
  readonly keepalive?: Keepalive | false
  readonly reconnect?: Reconnect
  /** Further options of the channel, as grpc-js has them. */
  readonly channel?: ChannelOptions
}

/** A client of one service at one address. */
export interface GrpcClient<C> extends AsyncDisposable {
  /** The methods of the service. */
  readonly rpc: C
  /** What the other side says of its health, if it is watched; `unknown` while there is no connection. */
  readonly health: ServingStatus | 'unknown' | 'untold'
  /** Ends what is under way with `GRPC_LET_GO` and lets go of the connection; calls after that are refused with `GRPC_CLOSED`. Twice is harmless. */
  close(): Promise<void>
}

/**
 * A client of a gRPC service: each method a function, behind a pipeline, with what goes along with a call, and what ends it, on the wire.
 *
 * `service` is a definition, or a generated client that holds one; methods that are typed there are typed here, others are typed by hand:
 * `grpcClient<{ ask: UnaryCall<Ask, Answer> }>(…)`. Without a `pipeline` a unary method has a retry (3 attempts, 50 ms to 1 s apart, with a budget of
 * the client), a breaker of its own, and 30 s for each attempt; a stream has a breaker alone. A failure is a `GrpcFailure`. What policies throw passes
 * unchanged.
 */
export function grpcClient<C = never, S extends GrpcService = GrpcService>(
  service: S,
  options: GrpcClientOptions,
): GrpcClient<[C] extends [never] ? GrpcCalls<S> : C> {
  const definition = definitionOf(service)
  const { address, name = address, idempotent = [], waitForReady = false } = options
  demand(
    typeof address === 'string' && address !== '',
    'grpcClient.address',
    address,
    'an address, as 127.0.0.1:50051',
  )
  const unknown =
    typeof idempotent === 'function' ? undefined : idempotent.find((each) => !(each in definition))
  demand(
    unknown === undefined,
    'grpcClient.idempotent',
    unknown,
    `any of ${Object.keys(definition).join(', ')}`,
  )

  const client = new Client(address, clientCredentials(options.tls), channelOptions(definition, options))
  const { health = false } = options
  const watched =
    health === false
      ? undefined
      : new WatchedHealth(client, health === true ? serviceName(definition) : health)
  let closed = false
  const wire: Wire = {
    address,
    client,
    metadata: options.metadata,
    waitForReady,
    underWay: new Set(),
    refusal: () =>
      closed ? refusedAsClosed() : watched?.serves === false ? refusedAsUnhealthy(address) : undefined,
  }
  const rpc: Record<string, unknown> = {}
  for (const [key, method] of Object.entries(definition)) {
    const made: WireMethod = {
      path: method.path,
      idempotent: isIdempotent(key, method, idempotent),
      pipeline: pipelineOf(method, { ...options, name }),
    }
    rpc[key] = callOf(wire, made, method)
    if (method.originalName !== undefined) rpc[method.originalName] ??= rpc[key]
  }
  const close = async (): Promise<void> => {
    closed = true
    watched?.stop()
    for (const outgoing of [...wire.underWay]) outgoing.letGo()
    client.close()
  }
  return {
    rpc: rpc as GrpcClient<[C] extends [never] ? GrpcCalls<S> : C>['rpc'],
    get health() {
      return watched?.known.is ?? 'unknown'
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

function isIdempotent(
  key: string,
  { path }: GrpcMethod,
  said: NonNullable<GrpcClientOptions['idempotent']>,
): boolean {
  return typeof said === 'function' ? said(path) : said.includes(key)
}

function callOf(wire: Wire, made: WireMethod, method: GrpcMethod): unknown {
  if (method.requestStream)
    return method.responseStream ? bidiStreamCall(wire, made, method) : clientStreamCall(wire, made, method)
  return method.responseStream ? serverStreamCall(wire, made, method) : unaryCall(wire, made, method)
}

function pipelineOf(
  { path, requestStream, responseStream }: GrpcMethod,
  { pipeline, name }: GrpcClientOptions & { readonly name: string },
): Pipeline {
  if (pipeline !== undefined) return 'policies' in pipeline ? pipeline : pipeline(path)
  const own = breaker(`${name}${path}`, { isFailure })
  if (requestStream || responseStream) return wrap(own)
  const tries = retry({ attempts: 3, backoff: { initial: 50, max: 1_000 }, budget: budget(name) })
  return wrap(tries, own, timeout(30_000))
}

/** Whether it speaks against the other side: a request that is wrong, or no longer wanted, does not. */
function isFailure(error: unknown): boolean {
  return !(error instanceof WireFailure && (error.class === 'permanent' || error.class === 'cancelled'))
}

function channelOptions(
  definition: ReturnType<typeof definitionOf>,
  options: GrpcClientOptions,
): ChannelOptions {
  const { keepalive = usualKeepalive, reconnect = usualReconnect, tls, channel } = options
  const { streamRetries, idempotent = [] } = options
  const methods = Object.entries(definition)
    .filter(([key, method]) => isIdempotent(key, method, idempotent))
    .filter(([, { requestStream, responseStream }]) => requestStream || responseStream)
    .map(([, { path }]) => path.split('/')[2]!)
  const retried = streamRetries !== undefined && methods.length > 0
  return {
    ...keepaliveOptions(keepalive),
    ...connectionOptions(reconnect),
    ...nameOptions(tls),
    ...(retried && {
      'grpc.service_config': serviceConfig({
        service: serviceName(definition),
        methods,
        retries: streamRetries,
      }),
    }),
    ...channel,
  }
}

function refusedAsClosed(): GrpcRefusal {
  return new GrpcRefusal(
    'GRPC_CLOSED',
    'the client is closed',
    'Make another client, or close this one later.',
  )
}

function refusedAsUnhealthy(address: string): GrpcRefusal {
  return new GrpcRefusal(
    'GRPC_UNHEALTHY',
    `${address} says that it does not serve now`,
    'See what is wrong there; nothing was sent, so that it is safe to try again.',
  )
}
