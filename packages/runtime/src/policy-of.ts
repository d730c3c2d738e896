import {
  type BreakerOptions,
  type OutsideSystem,
  type PolicyOptions,
  type Preset,
  preset,
  retryPresets,
} from '@holdfast/policy'
import type { Config, PolicyConfig } from './config/schema.ts'
import type { UpstreamConfig } from './config/upstream.ts'
import { present } from './present.ts'

/** What an upstream lives under: the policy it names, or one of its own, made of its preset or of nothing but defaults. */
export function policyOf(name: string, { policy, preset }: UpstreamConfig, { policies }: Config) {
  if (policy !== undefined) return { name: policy, config: policies[policy]! }
  return { name, config: preset === undefined ? {} : { preset } }
}

/** How often and how patiently a policy tries again: its preset, and what it says beside that. */
export function retryOf({ preset = 'transient', retry = {} }: PolicyConfig): Preset['retry'] {
  const { attempts, backoff = plain } =
    systemOf(preset)?.retry ?? retryPresets[preset as keyof typeof retryPresets]
  const { initial = backoff.initial ?? plain.initial, max = Math.max(backoff.max ?? plain.max, initial) } =
    retry
  return { attempts: retry.attempts ?? attempts, backoff: { initial: Math.min(initial, max), max } }
}

/** For the preset that does not wait, should its policy ask for attempts all the same. */
const plain = { initial: 500, max: 5_000 }

/** When a policy breaks off: its preset, and what it says beside that. */
export function breakerOf(policy: PolicyConfig): Pick<BreakerOptions, 'failures' | 'openFor' | 'successes'> {
  return { ...systemOf(policy.preset)?.breaker, ...present(policy.breaker ?? {}) }
}

/** A policy as code knows it; its time-out is 30 s unless it, or its preset, says otherwise. */
export function policyOptions(policy: PolicyConfig): PolicyOptions {
  const system = systemOf(policy.preset)
  return {
    retry: retryOf(policy),
    breaker: breakerOf(policy),
    ...(system && { bulkhead: system.bulkhead }),
    timeout: policy.timeout?.total ?? system?.timeout ?? 30_000,
  }
}

/** The ready-made policy of that name, if it is one for a system outside. */
export function systemOf(name: PolicyConfig['preset']): Preset | undefined {
  return name === undefined || name in retryPresets ? undefined : preset(name as OutsideSystem)
}
