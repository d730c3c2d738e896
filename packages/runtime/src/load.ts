import { breaker, budget, type Pipeline, retry, timeout, wrap } from '@holdfast/policy'
import { announce } from '@holdfast/policy/context'
import { resilientFetch } from '@holdfast/transport'
import { configOf } from './config/config-of.ts'
import { didYouMean } from './config/did-you-mean.ts'
import type { Environment } from './config/environment.ts'
import type { PolicyConfig } from './config/schema.ts'
import { retryOf } from './gateway-options.ts'
import { NameError } from './name-error.ts'
import { present } from './present.ts'

export interface LoadOptions {
  /** What `${NAME}` in the file means; the process's own environment where it is not given. */
  readonly environment?: Environment
}

/** The policies and upstreams of a file, for code: the same names, the same rules, whether a runtime is there or not. */
export interface Holdfast {
  /** The pipeline of a policy: retry with its budget, around a breaker of its own, around its total time-out (30 s). The same name is the same pipeline. */
  policy(name: string): Pipeline
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
  const { policies, upstreams } = await configOf(file, environment)
  announce()
  const pipelines = new Map<string, Pipeline>()

  /** The budget belongs to the policy, the breaker to whoever the calls go to. */
  const pipeline = (breakerName: string, budgetName: string, policy: PolicyConfig): Pipeline => {
    const made =
      pipelines.get(breakerName) ??
      wrap(
        retry({ ...retryOf(policy), budget: budget(policy.budget ?? budgetName) }),
        breaker(breakerName, present(policy.breaker ?? {})),
        timeout(policy.timeout?.total ?? 30_000),
      )
    pipelines.set(breakerName, made)
    return made
  }
  return {
    // No upstream can have a slash in its name, so that a policy's own breaker is never one of theirs.
    policy: (name) => pipeline(`policy/${name}`, name, named('policy', policies, name)),
    fetch(name) {
      const { url, key, policy } = named('upstream', upstreams, name)
      return resilientFetch(pipeline(name, policy ?? name, policy === undefined ? {} : policies[policy]!), {
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
