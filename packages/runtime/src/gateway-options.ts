import type { GatewayOptions, UpstreamPolicy } from '@holdfast/gateway'
import { retryPresets } from '@holdfast/policy'
import { ruleFlags } from './config/rule-flags.ts'
import type { Config, PolicyConfig } from './config/schema.ts'
import { present } from './present.ts'

/** The gateway of a checked configuration. */
export function gatewayOptions(config: Config): GatewayOptions {
  const upstreams = Object.entries(config.upstreams).map(([name, { url, key, model, policy }]) => {
    const options = {
      dialect: 'openai',
      url,
      key,
      model,
      policy: policy === undefined ? undefined : upstreamPolicy(policy, config),
    } as const
    return [name, options] as const
  })
  return {
    upstreams: Object.fromEntries(upstreams),
    chains: config.chains,
    rules: config.rules.map(({ match, answer }) => ({ match: new RegExp(match, ruleFlags), answer })),
  }
}

/** All upstreams of one policy share its budget, unless the policy names another. */
function upstreamPolicy(name: string, config: Config): UpstreamPolicy {
  const policy = config.policies[name]!
  return {
    retry: retryOf(policy),
    budget: policy.budget ?? name,
    breaker: present(policy.breaker ?? {}),
    timeout: present(policy.timeout ?? {}),
  }
}

/** How often and how patiently a policy tries again: its preset, and what it says beside that. */
export function retryOf({
  preset = 'transient',
  retry = {},
}: PolicyConfig): NonNullable<UpstreamPolicy['retry']> {
  const { attempts = 1, backoff = plain } = retryPresets[preset]
  const { initial = backoff.initial ?? plain.initial, max = Math.max(backoff.max ?? plain.max, initial) } =
    retry
  return { attempts: retry.attempts ?? attempts, backoff: { initial: Math.min(initial, max), max } }
}

/** For the preset that does not wait, should its policy ask for attempts all the same. */
const plain = { initial: 500, max: 5_000 }
