import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js'
import { demand } from '@holdfast/policy'

/** One method as generators of code, proto-loader and grpc-js itself describe it. */
export type GrpcMethod = MethodDefinition<unknown, unknown>

/** A service: its definition, or a generated client, which holds it as `service`. */
export type GrpcService = object | { readonly service: object }

/** What a call of a client may bring, beyond what every call may. */
export interface GrpcCallOptions {
  /** Ends the call when it aborts. */
  readonly signal?: AbortSignal | null | undefined
  /** Absolute, in ms on the pipeline's clock. */
  readonly deadline?: number | undefined
  /** Ms from now: the nearest of it, `deadline` and the context's counts. */
  readonly within?: number | undefined
  /** What the call is about, or for whom: breakers, limits, caches and coalescing by key keep keys apart. */
  readonly key?: string | undefined
  /** What budgets by kind keep apart; the path of the method unless it is said. */
  readonly operation?: string | undefined
  /** 0 is ordinary; calls of higher priority are the last to be shed. */
  readonly priority?: number | undefined
  /** Whether it may be done twice; what the client says of the method unless it is said here. */
  readonly idempotent?: boolean | undefined
  /** Sent along; names in lower case, those of `Buffer`s end in `-bin`. */
  readonly metadata?: GrpcMetadata | undefined
  /** Whether it waits for a connection, for as long as it may, instead of failing with `unsent`; false unless it or the client says so. */
  readonly waitForReady?: boolean | undefined
}

/** What goes along with a call besides trace and correlation, by name. */
export type GrpcMetadata = Readonly<Record<string, string | Buffer>>

/** Messages one after the other; the source is asked for the next only when there is room for it. */
export type Messages<T> = AsyncIterable<T> | Iterable<T>

export type UnaryCall<Q, A> = (request: Q, options?: GrpcCallOptions) => Promise<A>
/** The call begins when its answers are first asked for; leaving the loop cancels it. */
export type ServerStreamCall<Q, A> = (request: Q, options?: GrpcCallOptions) => AsyncGenerator<A, void, void>
export type ClientStreamCall<Q, A> = (requests: Messages<Q>, options?: GrpcCallOptions) => Promise<A>
/** The call begins when its answers are first asked for; leaving the loop cancels it. */
export type BidiStreamCall<Q, A> = (
  requests: Messages<Q>,
  options?: GrpcCallOptions,
) => AsyncGenerator<A, void, void>

/** What a definition without types makes of a method: which of the four kinds it is, only the definition knows. */
export type UntypedCall = (input: unknown, options?: GrpcCallOptions) => unknown

type CallOf<M> = M extends {
  readonly requestStream: infer I
  readonly responseStream: infer O
  readonly requestSerialize: (value: infer Q) => Buffer
  readonly responseDeserialize: (bytes: Buffer) => infer A
}
  ? boolean extends I
    ? UntypedCall
    : I extends true
      ? O extends true
        ? BidiStreamCall<Q, A>
        : ClientStreamCall<Q, A>
      : O extends true
        ? ServerStreamCall<Q, A>
        : UnaryCall<Q, A>
  : UntypedCall

type DefinitionOf<S> = S extends { readonly service: infer D } ? D : S

/** The methods of a service as functions, by the names that its definition has. */
export type GrpcCalls<S> = { readonly [K in keyof DefinitionOf<S>]: CallOf<DefinitionOf<S>[K]> }

/** The definition of a service, checked; throws `OptionError` for what is none. */
export function definitionOf(service: GrpcService): ServiceDefinition {
  const found = (service as { readonly service?: unknown } | undefined)?.service ?? service
  const methods = typeof found === 'object' && found !== null ? Object.values(found) : []
  demand(
    methods.length > 0 && methods.every(isMethod),
    'grpc: service',
    service,
    'the definition of a service, or a client that was made from one',
  )
  return found as ServiceDefinition
}

/** The fully qualified name of the service that the methods are of: `kernel.v1.Kernel`. */
export function serviceName(definition: ServiceDefinition): string {
  const [first] = Object.values(definition)
  return first!.path.split('/')[1]!
}

function isMethod(value: unknown): value is GrpcMethod {
  const { path, requestSerialize, responseDeserialize } = Object(value) as Partial<GrpcMethod>
  return (
    typeof path === 'string' &&
    isFunction(requestSerialize) &&
    isFunction(responseDeserialize) &&
    /^\/[^/]+\/[^/]+$/.test(path)
  )
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function'
}
