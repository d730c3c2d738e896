import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { HoldfastError, type NamedPolicy, policy } from '@holdfast/policy'
import { isOutage, type ResilientFetch, resilientFetch } from '@holdfast/transport/fetch'
import type { GrpcClient, GrpcService } from '@holdfast/transport/grpc'
import type { Postgres } from '@holdfast/transport/postgres'
import type { ZeromqClient } from '@holdfast/transport/zeromq'
import type { Config } from './config/schema.ts'
import type {
  GrpcUpstream,
  HttpUpstream,
  PostgresUpstream,
  UpstreamConfig,
  ZeromqUpstream,
} from './config/upstream.ts'
import { hostOf } from './host-of.ts'
import { keyHeaders } from './key-headers.ts'
import { policyOf, policyOptions } from './policy-of.ts'
import type { WireModules } from './wire-modules.ts'

interface Closeable {
  close(): Promise<void>
}

export interface UpstreamClientsOptions {
  readonly config: Config
  /** From where the files that the configuration names are taken. */
  readonly folder: string
  readonly wires: WireModules
}

/*
 * I1  An upstream has one client, whoever asks for it; one behind gRPC has one for each service of it.
 * I2  What was made here is closed here, once, and after that nothing is made.
 */
/** The clients of the upstreams of a file, each made when it is first asked for, under the policy of its upstream. */
export class UpstreamClients {
  readonly #config: Config
  readonly #folder: string
  readonly #wires: WireModules
  readonly #made = new Map<string, Map<unknown, Closeable>>()
  #closed = false

  constructor({ config, folder, wires }: UpstreamClientsOptions) {
    this.#config = config
    this.#folder = folder
    this.#wires = wires
  }

  http(name: string, upstream: HttpUpstream): ResilientFetch {
    return this.#one(name, undefined, () =>
      resilientFetch(this.#pipeline(name, upstream), { base: upstream.url, headers: keyHeaders(upstream) }),
    )
  }

  grpc<S extends GrpcService>(name: string, upstream: GrpcUpstream, service: S): GrpcClient<unknown> {
    const { address, tls, ca, idempotent = [] } = upstream
    return this.#one(name, service, () =>
      this.#wires.grpc!.grpcClient<unknown, S>(service, {
        address,
        name,
        // The breaker of each method is its own: one that fails says nothing of the others.
        pipeline: (method: string) => this.#pipeline(`${name}${method}`, upstream),
        idempotent: (method) => idempotent.includes(method.slice(1)),
        tls: ca === undefined ? tls : { ca: readFileSync(resolve(this.#folder, ca)) },
      }),
    )
  }

  zeromq(name: string, upstream: ZeromqUpstream): ZeromqClient {
    const { endpoint, serverKey } = upstream
    const { zeromqClient } = this.#wires.zeromq!
    return this.#one(name, undefined, () =>
      zeromqClient({
        connect: endpoint,
        pipeline: this.#pipeline(name, upstream),
        ...(serverKey !== undefined && { curve: { serverKey } }),
      }),
    )
  }

  postgres(name: string, upstream: PostgresUpstream): Postgres {
    const { url, replica } = upstream
    const { isOutage, postgres } = this.#wires.postgres!
    return this.#one(name, undefined, () =>
      postgres({
        url,
        pipeline: this.#pipeline(name, upstream, isOutage),
        ...(replica !== undefined && { fallbackHosts: [hostOf(replica)] }),
      }),
    )
  }

  async close(): Promise<void> {
    this.#closed = true
    const all = [...this.#made.values()].flatMap((each) => [...each.values()])
    this.#made.clear()
    await Promise.all(all.map((each) => each.close()))
  }

  #one<C extends Closeable>(name: string, of: unknown, make: () => C): C {
    if (this.#closed)
      throw new HoldfastError(
        'LOAD_CLOSED',
        `the upstream '${name}' is asked for after everything was let go`,
        'Close what load() gave at the very end, or load the file again.',
      )
    const known = this.#made.get(name) ?? new Map<unknown, Closeable>()
    this.#made.set(name, known)
    const client = known.get(of) ?? make()
    known.set(of, client)
    return client as C
  }

  /** What an upstream is called under; all of one policy share its budget. */
  #pipeline(to: string, upstream: UpstreamConfig, isFailure = isOutage): NamedPolicy {
    const name = to.split('/', 1)[0]!
    const under = policyOf(name, upstream, this.#config)
    const budget = under.config.budget ?? under.name
    const { breaker, ...options } = policyOptions(under.config)
    // What was asked wrongly says nothing of who was asked.
    return policy(`upstream/${to}`, { ...options, breaker: { ...breaker, isFailure }, budget, to })
  }
}
