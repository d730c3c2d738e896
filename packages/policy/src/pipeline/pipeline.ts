import { OptionError } from '../errors.ts'
import type { Outcome } from './outcome.ts'
import { Run } from './run.ts'
import type { Hold, Plan, Refusal, Verdict } from './stage.ts'
import type { CallOptions, Work } from './work.ts'

type Step = Hold | Verdict<unknown>

/** Makes of a settled run what its caller is given: a value or a throw, or else an outcome. */
export type Ending<R> = (run: Run) => R

/** The value, or a throw. */
export const valueOrThrow: Ending<unknown> = (run) => {
  if (run.failed) throw run.error
  return run.value
}

/** A value or an error, in a value. */
export const outcomeOf: Ending<Outcome<unknown>> = (run) => run.outcome()

/**
 * Takes one call down through all stages to the work, and its outcome back up.
 *
 * The straight way (no wait, no second attempt) is one promise: what its stages do, they do between the caller's turn and the work's settling.
 * Whatever else happens is a detour, and asynchronous.
 */
export function drive<R>(
  plan: Plan,
  work: Work<unknown>,
  options: CallOptions | undefined,
  ending: Ending<R>,
): Promise<R> {
  if (typeof work !== 'function') return Promise.reject(new OptionError('work', work, 'a function'))
  const run = new Run(plan, options)
  const doing = plan.inside === undefined ? work : decorated(plan.inside, work)
  const hold = descend(run)
  if (hold !== undefined) return detour(run, doing, hold, ending)
  if (!run.failed) {
    const answer = attempt(run, doing)
    if (answer !== undefined) {
      return (run.hasty ? run.settled(answer) : answer).then(
        (value) => {
          run.succeed(value)
          return land(run, doing, ending)
        },
        (error) => {
          run.fail(error)
          return land(run, doing, ending)
        },
      )
    }
  }
  const verdict = ascend(run)
  if (verdict !== undefined) return detour(run, doing, verdict, ending)
  run.close()
  return run.failed && ending === valueOrThrow ? rejected(run) : Promise.resolve(ending(run))
}

/** A user's function around the work, and around whatever stands between the two. It is applied to each attempt anew. */
function decorated({ decorate, plan }: NonNullable<Plan['inside']>, work: Work<unknown>): Work<unknown> {
  const inner: Work<unknown> = (call) => drive(plan, work, call, valueOrThrow)
  return (call) => decorate(inner)(call)
}

/** A promise that is only rejected when its caller has had a chance to handle it: a runtime that has to tell of it takes a microsecond. */
function rejected(run: Run): Promise<never> {
  return new Promise((_, reject) => {
    soon.then(() => reject(run.error))
  })
}

const soon = Promise.resolve()

function land<R>(run: Run, work: Work<unknown>, ending: Ending<R>): R | Promise<R> {
  const verdict = ascend(run)
  if (verdict !== undefined) return detour(run, work, verdict, ending)
  run.close()
  return ending(run)
}

/** The way of a call that must wait, try again, or do other work. */
async function detour<R>(run: Run, work: Work<unknown>, first: Step, ending: Ending<R>): Promise<R> {
  let step: Step | undefined = first
  while (step !== undefined) {
    let next = work
    if ('instead' in step) {
      next = step.instead
      run.renew()
    } else {
      await paused(run, step)
      step = descend(run)
      if (step !== undefined) continue
    }
    if (!run.failed) await finished(run, attempt(run, next))
    step = ascend(run)
  }
  run.close()
  return ending(run)
}

/** Waits as a stage asked for; one that asks for nonsense fails the call. */
async function paused(run: Run, step: Hold | { readonly again: number }): Promise<void> {
  try {
    if ('again' in step) {
      await run.wait(step.again)
      run.renew()
    } else if (await run.held(step)) run.slot++
  } catch (error) {
    run.fail(error)
  }
}

async function finished(run: Run, answer: Promise<unknown> | undefined): Promise<void> {
  if (answer === undefined) return
  try {
    run.succeed(await (run.hasty ? run.settled(answer) : answer))
  } catch (error) {
    run.fail(error)
  }
}

/** Enters the stages that are left, until one of them turns the call away, or has it wait. */
function descend(run: Run): Hold | undefined {
  const { stages, hooks } = run.plan
  run.check()
  if (run.failed) return undefined
  const again = run.attempt > 0
  try {
    while (run.slot < stages.length) {
      if (again) run.note(run.slot)
      const answer = hooks.enter[run.slot]!.call(stages[run.slot]!, run, run.slot)
      if (answer !== undefined) {
        if (isHold(answer)) return answer
        run.refuse(answer)
        return undefined
      }
      run.slot++
    }
    if (run.interruption === undefined) run.attempt++
    else run.check() // something ended the call while it was entering
  } catch (error) {
    run.fail(error)
  }
  return undefined
}

/** Does the work. Answers with its promise; an outcome that is there at once is in `run`. */
function attempt(run: Run, work: Work<unknown>): Promise<unknown> | undefined {
  try {
    const answer = work(run.begin())
    if (answer instanceof Promise) return answer
    if (isThenable(answer)) return Promise.resolve(answer)
    run.succeed(answer)
  } catch (error) {
    run.fail(error)
  }
  return undefined
}

/** Leaves the stages that the call is inside of, until one of them has more to do for it. */
function ascend(run: Run): Verdict<unknown> | undefined {
  const { stages, hooks } = run.plan
  while (run.slot > 0) {
    const slot = --run.slot
    let verdict: Verdict<unknown> | undefined
    try {
      verdict = hooks.leave[slot]!.call(stages[slot]!, run, slot)
    } catch (error) {
      run.fail(error)
    }
    if (run.interruption?.slot === slot) run.interruption = undefined
    if (verdict !== undefined) {
      run.slot++ // still inside the stage that spoke: after an interrupted wait, it is the first to see the failure
      return verdict
    }
  }
  return undefined
}

function isHold(answer: Hold | Refusal): answer is Hold {
  return (answer as Partial<Hold>).hold !== undefined
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}
