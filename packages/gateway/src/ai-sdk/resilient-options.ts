import { type Clock, demand, type Pipeline, systemClock } from '@holdfast/policy'
import { type Patience, patienceDefaults } from '../patience.ts'
import { providerPipeline } from '../provider-pipeline.ts'
import type { Prefill } from '../stream/prefill.ts'
import type { UpstreamPolicy } from '../upstream.ts'

/** How one model is called: the policy of an upstream of the gateway, and what is known of the model. Times are ms. */
export interface ResilientOptions extends Omit<UpstreamPolicy, 'timeout'> {
  /** Whose breaker it is: models under one name share it. By default the provider and the model, as `anthropic.messages/claude-sonnet-5`. */
  readonly name?: string | undefined
  /**
   * Limits on silence: for an answer in one piece (`headers`), for the first token and between tokens of a stream; and `total`, for one attempt.
   * A model of the AI SDK does not say when it is connected, so that time is part of the first.
   */
  readonly timeout?: Partial<Patience & { readonly total: number }> | undefined
  /** Policies of your own in place of `retry`, `budget`, `breaker` and `timeout.total`. */
  readonly pipeline?: Pipeline | undefined
  /** How the model can be asked to go on with an answer that broke off elsewhere; `true` is `plain`. By default it cannot. */
  readonly prefill?: Prefill | boolean | undefined
  /** How many tokens it takes, if that is known: a prompt that is too long is not sent on to a model that takes no more. */
  readonly context?: number | undefined
  readonly clock?: Clock | undefined
  readonly random?: (() => number) | undefined
}

/** A policy in force, under its name. */
export interface Manner {
  readonly name: string
  readonly pipeline: Pipeline
  readonly patience: Patience
  readonly prefill: Prefill | undefined
  readonly context: number | undefined
  readonly clock: Clock
}

/** What the options of a model mean. Throws `OptionError` for what makes no sense, `ConflictError` where the name has other options. */
export function manner(given: ResilientOptions | Pipeline, ownName: string): Manner {
  const options: ResilientOptions = typeof given === 'function' ? { pipeline: given } : given
  demand(
    typeof options === 'object' && options !== null,
    'resilient: policy',
    given,
    `a pipeline, or an object with any of ${known.join(', ')}`,
  )
  for (const key of Object.keys(options))
    demand(known.includes(key), `resilient: ${key}`, Reflect.get(options, key), `one of ${known.join(', ')}`)
  const { name = ownName, pipeline, prefill, context, clock = systemClock, random = Math.random } = options
  const total = options.timeout?.total
  for (const [limit, ms] of Object.entries(options.timeout ?? {})) {
    demand(
      Object.hasOwn(patienceDefaults, limit) && limit !== 'connect',
      `resilient: timeout.${limit}`,
      ms,
      'one of headers, firstToken, idle, total',
    )
    demand(typeof ms === 'number' && ms > 0, `resilient: timeout.${limit}`, ms, 'a number of ms above 0')
  }
  if (pipeline !== undefined) {
    demand(typeof pipeline === 'function', 'resilient: pipeline', pipeline, 'what wrap() or policy() gives')
    const twice = {
      retry: options.retry,
      budget: options.budget,
      breaker: options.breaker,
      'timeout.total': total,
    }
    for (const [other, value] of Object.entries(twice))
      demand(value === undefined, `resilient: ${other}`, value, 'absent where there is a pipeline')
  }
  const { headers, firstToken, idle } = { ...patienceDefaults, ...options.timeout }
  return {
    name,
    pipeline: pipeline ?? providerPipeline(name, options, { clock, random }).pipeline,
    patience: { headers, firstToken, idle },
    prefill: prefill === true ? 'plain' : prefill || undefined,
    context,
    clock,
  }
}

const known: readonly string[] =
  'retry budget breaker name timeout pipeline prefill context clock random'.split(' ')
