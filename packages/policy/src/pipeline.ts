import { Run } from './run.ts'
import type { Plan, Stage, Verdict } from './stage.ts'
import type { CallOptions, Work } from './work.ts'

/**
 * Takes one call down through all stages to the work, and its outcome back up. The only asynchronous function on its way.
 *
 * `slot` is the number of stages that the call is inside of.
 */
export async function drive<T>(plan: Plan, work: Work<T>, options?: CallOptions): Promise<T> {
  const { stages } = plan
  const run = new Run(plan, options)
  let link: Work<unknown> | undefined
  let slot = 0
  try {
    do {
      try {
        run.check()
        if (link === undefined) {
          run.attempt++
          for (; slot < stages.length; slot++) stages[slot]!.enter(run, slot)
        }
        const answer: unknown = (link ?? work)(run.begin())
        run.succeed(isThenable(answer) ? await run.settled(answer) : answer)
      } catch (error) {
        run.fail(error)
      }
      link = undefined
      while (slot > 0) {
        const verdict = leave(stages[--slot]!, run, slot)
        if (verdict === undefined) continue
        slot++ // still inside the stage that spoke: after an interrupted wait, it is the first to see the failure
        if ('instead' in verdict) link = verdict.instead
        else await run.wait(verdict.again)
        break
      }
    } while (slot > 0)
  } finally {
    run.close()
  }
  if (run.failed) throw run.error
  return run.value as T
}

function leave(stage: Stage<unknown>, run: Run, slot: number): Verdict<unknown> | undefined {
  try {
    return stage.leave(run, slot)
  } catch (error) {
    run.fail(error)
    return undefined
  } finally {
    if (run.interruption?.slot === slot) run.interruption = undefined
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}
