import { gatewayServer } from '@holdfast/gateway/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../benchmarks/faults/caller.ts'
import { limits } from '../benchmarks/faults/limits.ts'
import { type Provider, provider, type Stage } from '../benchmarks/faults/provider.ts'
import { type Result, runScenario } from '../benchmarks/faults/run-scenario.ts'
import { scenarios } from '../benchmarks/faults/scenarios.ts'

/** Of the gateway's limits and of the clock of S15; the faults last as long as ever, so nothing here depends on how fast the machine is. */
const scale = 1 / 25
const sixteen = scenarios({ outage: scale, back: Infinity })
const opened: AsyncDisposable[] = []
let results: ReadonlyMap<string, Result>

beforeAll(async () => {
  const providers = await provider(3)
  opened.push({ [Symbol.asyncDispose]: () => providers.close() })
  const played = await Promise.all(sixteen.map((scenario) => play(providers, scenario)))
  results = new Map(played.map((result) => [result.id, result]))
})

afterAll(async () => {
  for (const each of opened.splice(0).reverse()) await each[Symbol.asyncDispose]()
})

async function play(providers: Provider, scenario: (typeof sixteen)[number]): Promise<Result> {
  const stage = providers.stage(scenario.id, scenario)
  const door = await gatewayServer(between(stage, scenario.id))
  opened.push(door)
  return runScenario(scenario, stage, {
    ask: (within) => call({ url: `${door.url}/v1`, model: 'default', within }, 'streaming'),
    manner: 'streaming',
  })
}

/** In one process, upstreams of the same name have one breaker. */
function between(stage: Stage, name: string): Parameters<typeof gatewayServer>[0] {
  const { backoff, openFor, timeout } = limits(scale)
  const policy = { budget: name, retry: { attempts: 3, backoff }, breaker: { openFor }, timeout }
  return {
    upstreams: {
      [`${name}-primary`]: { dialect: 'openai', url: stage.url('primary'), policy },
      [`${name}-fallback`]: { dialect: 'openai', url: stage.url('fallback'), prefill: stage.prefill, policy },
    },
    chains: { default: [`${name}-primary/primary-model`, `${name}-fallback/fallback-model`] },
  }
}

describe('a stream behind a provider that misbehaves', () => {
  it.each(sixteen.map(({ id, title }) => [id, title]))('%s: %s', (id) => {
    const { is, why } = results.get(id)!

    expect({ is, why }).toEqual({ is: 'pass', why: [] })
  })
})
