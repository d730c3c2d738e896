import { setTimeout as wait } from 'node:timers/promises'
import { type Call, call, type Manner } from './caller.ts'
import type { Stage } from './provider.ts'
import type { Scenario } from './scenario.ts'
import { type Verdict, verdict } from './verdict.ts'

/** A gateway under test, for one scenario: where its clients ask, and for which model. */
export interface Door {
  readonly url: string
  readonly model: string
  readonly headers?: Readonly<Record<string, string>>
}

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
  by: { door: Door; manner: Manner },
): Promise<Result> {
  const { door, manner } = by
  const { id, title, requests, every, within } = scenario
  await call({ ...door, within: 10_000 }, manner)
  stage.begin()
  const calls = await Promise.all(
    Array.from({ length: requests }, async (_, nth): Promise<Call> => {
      await wait(nth * every)
      return call({ ...door, within }, manner)
    }),
  )
  const seen = [...stage.seen]
  stage.heal()
  const after = await call({ ...door, within: 10_000 }, manner)
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
