import { setTimeout as wait } from 'node:timers/promises'
import type { Call, Manner } from './caller.ts'
import type { Stage } from './provider.ts'
import type { Scenario } from './scenario.ts'
import { type Verdict, verdict } from './verdict.ts'

/** Asks what is under test once, and never again; what takes longer than `within`, in ms, is a hang. */
export type Ask = (within: number) => Promise<Call>

/** What became of a scenario: the verdict, how many attempts the providers saw, and how long the slowest caller waited, in ms. */
export interface Result extends Verdict {
  readonly id: string
  readonly title: string
  readonly manner: Manner
  readonly attempts: { readonly primary: number; readonly fallback: number }
  readonly ms: number
}

/** Plays one scenario and judges it from both sides. Before it, a healthy request that warms the gateway up; afterwards one that has 10 s. */
export async function runScenario(
  scenario: Scenario,
  stage: Stage,
  by: { ask: Ask; manner: Manner },
): Promise<Result> {
  const { ask, manner } = by
  const { id, title, requests, every, within } = scenario
  await ask(10_000)
  stage.begin()
  const calls = await Promise.all(
    Array.from({ length: requests }, async (_, nth): Promise<Call> => {
      await wait(nth * every)
      return ask(within)
    }),
  )
  const seen = [...stage.seen]
  stage.heal()
  const after = await ask(10_000)
  const attempts = (role: string): number => seen.filter((each) => each.role === role).length
  return {
    id,
    title,
    manner,
    ...verdict(scenario, { calls, seen }, after),
    attempts: { primary: attempts('primary'), fallback: attempts('fallback') },
    ms: Math.max(...calls.map(({ ms }) => ms)),
  }
}
