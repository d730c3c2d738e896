import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import type { LanguageModelV4 } from '@ai-sdk/provider'
import { chain, resilient } from '@holdfast/gateway/ai-sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { limits } from '../benchmarks/faults/limits.ts'
import { type Provider, provider, type Stage } from '../benchmarks/faults/provider.ts'
import { type Result, runScenario } from '../benchmarks/faults/run-scenario.ts'
import type { Role } from '../benchmarks/faults/scenario.ts'
import { scenarios } from '../benchmarks/faults/scenarios.ts'
import { askModel } from './harness/ask-model.ts'

/** As in the test of the gateway: limits and the clock of S15 alone are shorter. A machine that is busy is not to be taken for silence. */
const scale = 1 / 25
const silence = 4_000
const sixteen = scenarios({ outage: scale, back: Infinity })
const packages = ['@ai-sdk/openai-compatible', '@ai-sdk/anthropic'] as const
/** What a package makes of a stream is its own; what it does with an answer in one piece is little. */
const manners = {
  '@ai-sdk/openai-compatible': ['streaming', 'whole'],
  '@ai-sdk/anthropic': ['streaming'],
} as const
const plays = packages.flatMap((by) =>
  manners[by].flatMap((manner) => sixteen.map((scenario) => ({ by, manner, scenario }))),
)
let providers: Provider
let results: ReadonlyMap<string, Result>

beforeAll(async () => {
  providers = await provider(3)
  await loaded()
  const played = await Promise.all(
    plays.map(async ({ by, manner, scenario }) => {
      const name = `${scenario.id}-${manner}-${by.slice(8)}`
      const stage = providers.stage(name, scenario)
      const model = under(name, stage, by)
      const ask = (within: number) => askModel(model, manner, within)
      return [name, await runScenario(scenario, stage, { ask, manner })] as const
    }),
  )
  results = new Map(played)
})

afterAll(() => providers.close())

/** Both packages compile their schemas with the first answer, for longer than some of the limits. */
async function loaded(): Promise<void> {
  const stage = providers.stage('first', sixteen[0]!)
  for (const by of packages)
    for (const manner of manners[by])
      await askModel(modelOf(by, stage.url('primary'), 'primary'), manner, 10_000)
}

function under(name: string, stage: Stage, by: (typeof packages)[number]): LanguageModelV4 {
  const { backoff, openFor } = limits(scale)
  const timeout = { headers: silence, firstToken: silence, idle: silence }
  const link = (role: Role): LanguageModelV4 =>
    resilient(modelOf(by, stage.url(role), role), {
      name: `${name}-${role}`,
      budget: name,
      retry: { attempts: 3, backoff },
      breaker: { openFor },
      timeout,
      prefill: role === 'fallback' && stage.prefill,
    })
  return chain([link('primary'), link('fallback')])
}

function modelOf(by: (typeof packages)[number], baseURL: string, role: Role): LanguageModelV4 {
  return by === '@ai-sdk/anthropic'
    ? createAnthropic({ baseURL, apiKey: 'none' })(`${role}-model`)
    : createOpenAICompatible({ baseURL, name: 'fake', includeUsage: true })(`${role}-model`)
}

describe.each(packages)('a model of %s behind a provider that misbehaves', (by) => {
  it.each(
    plays
      .filter((play) => play.by === by)
      .map(({ manner, scenario }) => [scenario.id, manner, scenario.title]),
  )('%s, %s: %s', (id, manner) => {
    const { is, why } = results.get(`${id}-${manner}-${by.slice(8)}`)!

    expect({ is, why }).toEqual({ is: 'pass', why: [] })
  })
})
