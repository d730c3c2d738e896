import type { ChainOptions, ClientOptions, GatewayOptions, UpstreamPolicy } from '@holdfast/gateway'
import { providerFacts } from '@holdfast/gateway/providers'
import type { ChainConfig } from './config/chain.ts'
import type { ClientKey } from './config/client-keys.ts'
import { ruleFlags } from './config/rule-flags.ts'
import type { Config, PolicyConfig } from './config/schema.ts'
import { breakerOf, policyOf, retryOf, systemOf } from './policy-of.ts'
import { present } from './present.ts'

/** The gateway of a checked configuration. */
export function gatewayOptions(config: Config): GatewayOptions {
  const upstreams = Object.entries(config.upstreams).flatMap(([name, upstream]) => {
    if (upstream.is !== 'http') return []
    const { url, provider, key, keys, model, tools, vision, context, streams, policy, preset } = upstream
    const facts = provider && providerFacts(provider)
    const {
      dialect = facts?.dialect.value ?? 'openai',
      responses = facts?.responses?.value,
      prefill = facts?.prefill?.value,
    } = upstream
    const moved = url !== facts?.url.value
    const under = policyOf(name, upstream, config)
    const bare = policy === undefined && preset === undefined
    const options = {
      dialect,
      url,
      ...(facts?.anthropicUrl && !moved && { anthropicUrl: facts.anthropicUrl.value }),
      ...(facts?.anthropicKey && { anthropicKey: facts.anthropicKey.value }),
      key,
      keys,
      model,
      tools,
      vision,
      context,
      prefill,
      streams,
      responses,
      policy: bare ? undefined : upstreamPolicy(under.name, under.config),
    } as const
    return [[name, options] as const]
  })
  const { keys, replicas = 1 } = config.gateway
  return {
    upstreams: Object.fromEntries(upstreams),
    chains: Object.fromEntries(
      Object.entries(config.chains).map(([name, chain]) => [name, chainOptions(chain, config)]),
    ),
    keepAlive: config.gateway.keepAlive,
    prices: config.prices,
    clients:
      keys &&
      Object.fromEntries(
        Object.entries(keys.clients).map(([name, key]) => [name, clientOptions(key, replicas)]),
      ),
    rules: config.rules.map(({ match, answer }) => ({ match: new RegExp(match, ruleFlags), answer })),
  }
}

/** Limits hold in one process: of several, each gives out its part, so that all together never let more in than the file says. */
function clientOptions(
  { requests, tokens, concurrent, stream, ...key }: ClientKey,
  replicas: number,
): ClientOptions {
  const part = (whole: number): number => Math.max(1, Math.floor(whole / replicas))
  return {
    ...key,
    requests: requests && { ...requests, limit: part(requests.limit) },
    tokens: tokens && { ...tokens, limit: part(tokens.limit) },
    concurrent: concurrent === undefined ? undefined : part(concurrent),
    buffered: stream === 'buffered',
  }
}

function chainOptions(
  { links, order, hedge, cache, stream }: ChainConfig,
  { policies }: Config,
): ChainOptions {
  const linkOptions = links.map(({ link, weight, policy }) => ({
    link,
    weight,
    policy: policy === undefined ? undefined : upstreamPolicy(policy, policies[policy]!),
  }))
  return { links: linkOptions, order, hedge, cache, stream }
}

/** All upstreams of one policy share its budget, unless the policy names another. */
function upstreamPolicy(name: string, policy: PolicyConfig): UpstreamPolicy {
  const total = systemOf(policy.preset)?.timeout
  return {
    retry: retryOf(policy),
    budget: policy.budget ?? name,
    breaker: breakerOf(policy),
    timeout: { ...(total !== undefined && { total }), ...present(policy.timeout ?? {}) },
  }
}
