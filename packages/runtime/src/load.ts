import { dirname, resolve } from 'node:path'
import { type NamedPolicy, policy } from '@holdfast/policy'
import { announce } from '@holdfast/policy/context'
import type { ResilientFetch } from '@holdfast/transport/fetch'
import type { GrpcCalls, GrpcService } from '@holdfast/transport/grpc'
import type { Postgres } from '@holdfast/transport/postgres'
import type { ZeromqClient } from '@holdfast/transport/zeromq'
import { configOf } from './config/config-of.ts'
import { didYouMean } from './config/did-you-mean.ts'
import type { Environment } from './config/environment.ts'
import type { UpstreamConfig } from './config/upstream.ts'
import { NameError } from './name-error.ts'
import { policyOptions } from './policy-of.ts'
import { UpstreamClients } from './upstream-clients.ts'
import { wireModules } from './wire-modules.ts'

export interface LoadOptions {
  /** What `${NAME}` in the file means; the process's own environment where it is not given. */
  readonly environment?: Environment
}

/**
 * The policies and upstreams of a file, for code: the same names, the same rules, whether a runtime is there or not.
 *
 * Each upstream has one client, made when it is first asked for, and its policy around every call, with a breaker that all of them share.
 */
export interface Holdfast extends AsyncDisposable {
  /**
   * A policy of the file, by its name the same as `policy(name)` from then on: retry with its budget, around a breaker of its own, around the bulkhead of
   * its preset, around its total time-out (30 s).
   */
  policy(name: string): NamedPolicy
  /**
   * `fetch` to an upstream with a `url`.
   *
   * What has no scheme stands under the upstream's address, path included: `/rest/x` and `rest/x` on `https://acme.example/jira` are both
   * `https://acme.example/jira/rest/x`. Its key goes along as bearer token (to Anthropic's wire as
   * `x-api-key`, with an `anthropic-version`), to its own origin only: an absolute address elsewhere never sees it.
   */
  fetch(upstream: string): ResilientFetch
  /**
   * The methods of a service of an upstream behind `grpc`, each with a breaker of its own. `service` is a definition, or a generated client that holds
   * one; where that has no types, give them: `hf.grpc<{ run: UnaryCall<Job, Result> }>('kernel', Kernel)`.
   */
  grpc<C = never, S extends GrpcService = GrpcService>(
    upstream: string,
    service: S,
  ): [C] extends [never] ? GrpcCalls<S> : C
  /** Calls to an upstream behind `zeromq`. */
  zeromq(upstream: string): ZeromqClient
  /** An upstream behind `postgres`. */
  postgres(upstream: string): Postgres
  /** Ends what is under way and lets go of all connections. */
  close(): Promise<void>
}

/**
 * Reads a holdfast.yaml for use in code; under a runtime, announces this process to it.
 *
 * Rejects with a `ConfigError`, or a `WireMissingError` if an upstream is called with a library that is not installed. Unknown names throw `NAME_UNKNOWN`
 * when they are asked for.
 */
export async function load(
  file = 'holdfast.yaml',
  { environment = process.env }: LoadOptions = {},
): Promise<Holdfast> {
  const config = await configOf(file, environment)
  const { policies, upstreams } = config
  const clients = new UpstreamClients({
    config,
    folder: dirname(resolve(file)),
    wires: await wireModules(upstreams),
  })
  announce()

  const found = <I extends UpstreamConfig['is']>(is: I, name: string): Extract<UpstreamConfig, { is: I }> => {
    const upstream = named('upstream', upstreams, name)
    if (upstream.is === is) return upstream as Extract<UpstreamConfig, { is: I }>
    throw new NameError(`upstream behind ${is}`, name, `: that one is behind ${upstream.is}`)
  }
  const close = (): Promise<void> => clients.close()
  return {
    policy(name) {
      const options = policyOptions(named('policy', policies, name))
      // No upstream can have a slash in its name, so that a policy's own breaker is never one of theirs.
      return policy(name, { ...options, budget: policies[name]?.budget ?? name, to: `policy/${name}` })
    },
    fetch: (name) => clients.http(name, found('http', name)),
    grpc: (name, service) => clients.grpc(name, found('grpc', name), service).rpc as never,
    zeromq: (name) => clients.zeromq(name, found('zeromq', name)),
    postgres: (name) => clients.postgres(name, found('postgres', name)),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function named<T>(kind: string, all: Readonly<Record<string, T>>, name: string): T {
  if (Object.hasOwn(all, name)) return all[name]!
  throw new NameError(kind, name, didYouMean(name, Object.keys(all)))
}
