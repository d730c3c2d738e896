import { breaker, budget, type Pipeline, retry, type Stage, timeout, wrap } from '@holdfast/policy'
import { resilientFetch } from '@holdfast/transport'
import type { Environment } from './config/environment.ts'
import { didYouMean } from './config/known-keys.ts'
import type { Config } from './config/schema.ts'
import { retryOf } from './gateway-options.ts'
import { NameError } from './name-error.ts'
import { present } from './present.ts'
import { configOf } from './up.ts'

export interface LoadOptions {
  /** What `${NAME}` in the file means; the process's own environment where it is not given. */
  readonly environment?: Environment
}

/** The policies and upstreams of a file, for code: the same names, the same rules, whether a runtime is there or not. */
export interface Holdfast {
  /** The pipeline of a policy: retry with its budget, around its breaker, around its time-out. The same name is the same pipeline. */
  policy(name: string): Pipeline
  /** `fetch` to an upstream: its address as the base of relative ones, its key as bearer token, its policy around every call. */
  fetch(upstream: string): typeof globalThis.fetch
}

/** Reads a holdfast.yaml for use in code. Rejects with a `ConfigError`; unknown names throw `NAME_UNKNOWN` when they are asked for. */
export async function load(
  file = 'holdfast.yaml',
  { environment = process.env }: LoadOptions = {},
): Promise<Holdfast> {
  const config = await configOf(file, environment)
  const pipelines = new Map<string, Pipeline>()

  const once = (key: string, make: () => Pipeline): Pipeline => {
    const known = pipelines.get(key) ?? make()
    pipelines.set(key, known)
    return known
  }
  return {
    policy(name) {
      const of = found(config.policies, name, 'policy')
      return once(`policy ${name}`, () => pipelineOf(of, name, name))
    },
    fetch(name) {
      const { url, key, policy } = found(config.upstreams, name, 'upstream')
      const of = policy === undefined ? {} : config.policies[policy]!
      const pipeline = once(`upstream ${name}`, () => pipelineOf(of, name, policy ?? name))
      const base = url.endsWith('/') ? url : `${url}/`
      return resilientFetch(pipeline, {
        base,
        ...(key !== undefined && { headers: { authorization: `Bearer ${key}` } }),
      })
    },
  }
}

/** Each upstream has a breaker of its own; the budget belongs to the policy. */
function pipelineOf(policy: Config['policies'][string], breakerName: string, budgetName: string): Pipeline {
  const { total = 30_000 } = policy.timeout ?? {}
  const stages: Stage[] = [
    retry({ ...retryOf(policy), budget: budget(policy.budget ?? budgetName) }),
    breaker(breakerName, present(policy.breaker ?? {})),
    timeout(total),
  ]
  return wrap(...stages)
}

function found<T>(all: Readonly<Record<string, T>>, name: string, kind: string): T {
  if (Object.hasOwn(all, name)) return all[name]!
  throw new NameError(kind, name, didYouMean(name, Object.keys(all)))
}
