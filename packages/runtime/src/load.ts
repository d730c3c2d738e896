import { type NamedPolicy, policy } from '@holdfast/policy'
import { announce } from '@holdfast/policy/context'
import { resilientFetch } from '@holdfast/transport/fetch'
import { configOf } from './config/config-of.ts'
import { didYouMean } from './config/did-you-mean.ts'
import type { Environment } from './config/environment.ts'
import { NameError } from './name-error.ts'
import { policyOf, policyOptions } from './policy-of.ts'

export interface LoadOptions {
  /** What `${NAME}` in the file means; the process's own environment where it is not given. */
  readonly environment?: Environment
}

/** The policies and upstreams of a file, for code: the same names, the same rules, whether a runtime is there or not. */
export interface Holdfast {
  /**
   * A policy of the file, by its name the same as `policy(name)` from then on: retry with its budget, around a breaker of its own, around the bulkhead of
   * its preset, around its total time-out (30 s).
   */
  policy(name: string): NamedPolicy
  /**
   * `fetch` to an upstream, with its policy around every call and its breaker shared by all of them; the time-out is for the answer to begin.
   *
   * What has no scheme stands under the upstream's address, path included: `/rest/x` and `rest/x` on `https://acme.example/jira` are both
   * `https://acme.example/jira/rest/x`. Its key goes along as bearer token, to its own origin only: an absolute address elsewhere never sees it.
   */
  fetch(upstream: string): typeof globalThis.fetch
}

/** Reads a holdfast.yaml for use in code; under a runtime, announces this process to it. Rejects with a `ConfigError`; unknown names throw `NAME_UNKNOWN` when they are asked for. */
export async function load(
  file = 'holdfast.yaml',
  { environment = process.env }: LoadOptions = {},
): Promise<Holdfast> {
  const config = await configOf(file, environment)
  const { policies, upstreams } = config
  announce()
  return {
    policy(name) {
      const options = policyOptions(named('policy', policies, name))
      // No upstream can have a slash in its name, so that a policy's own breaker is never one of theirs.
      return policy(name, { ...options, budget: policies[name]?.budget ?? name, to: `policy/${name}` })
    },
    fetch(name) {
      const upstream = named('upstream', upstreams, name)
      if (upstream.is !== 'http') throw new NameError('upstream with a url', name, '')
      const { url, key } = upstream
      const under = policyOf(name, upstream, config)
      const budget = under.config.budget ?? under.name
      const pipeline = policy(`upstream/${name}`, { ...policyOptions(under.config), budget, to: name })
      return resilientFetch(pipeline, {
        base: url,
        ...(key !== undefined && { headers: { authorization: `Bearer ${key}` } }),
      })
    },
  }
}

function named<T>(kind: string, all: Readonly<Record<string, T>>, name: string): T {
  if (Object.hasOwn(all, name)) return all[name]!
  throw new NameError(kind, name, didYouMean(name, Object.keys(all)))
}
