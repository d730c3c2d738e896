import { FallbackError } from '../errors.ts'
import { events } from '../events.ts'
import { atOnce, unheard } from '../options.ts'
import type { Run } from '../pipeline/run.ts'
import type { Stage, Verdict } from '../pipeline/stage.ts'
import { roughNow } from '../time/clock.ts'
import type { FallbackSettings } from './fallback.ts'
import { type LinkStatus, LinkTally } from './link-tally.ts'

export type { LinkStatus }

/** Who has answered so far. */
export interface FallbackStatus {
  readonly name: string
  /** The work first, then the links in their order. */
  readonly links: readonly LinkStatus[]
  /** Who answered last; undefined while nobody has. */
  readonly lastAnswered: string | undefined
}

/** A chain of links as a policy. */
export interface Fallback<F> extends Stage<F> {
  readonly settings: object
  status(): FallbackStatus
  /** Forgets what it has counted. */
  reset(): void
}

/** What has been counted since the last reset. */
class Score {
  readonly tallies: readonly LinkTally[]
  last: string | undefined

  constructor(names: readonly string[]) {
    this.tallies = names.map((name) => new LinkTally(name))
  }
}

/** How far a call has come whose work failed: which link is at work, since when, and what has failed before it. */
class Trial {
  readonly score: Score
  readonly errors: unknown[] = []
  at = 0
  since = 0

  constructor(score: Score) {
    this.score = score
  }
}

/*
 * I1  A call has each link at most once, in their order, and none after one that answered.
 * I2  An interruption from outside ends a call here: no further link is tried, and the one at work has neither answered nor failed.
 * I3  For each link, `answered + failed` is at most `tried`; they are equal when nothing is in flight and no call was interrupted.
 *     A call counts where it began: one that began before a reset counts no more.
 * I4  A call that fails with more than one failure shows all of them.
 */
export class FallbackChain<F> implements Fallback<F> {
  readonly name: string
  readonly settings: FallbackSettings<F>
  #score: Score

  constructor(name: string, settings: FallbackSettings<F>) {
    this.name = name
    this.settings = settings
    this.#score = this.#blank()
  }

  enter(run: Run, slot: number): undefined {
    run.memo[slot] = this.#score
    this.#score.tallies[0]!.tried++
  }

  leave(run: Run, slot: number): Verdict<F> | undefined {
    const memo = run.memo[slot] as Score | Trial
    if (!run.failed) this.#answered(run, memo)
    else if (run.interruption === undefined) {
      return this.#failed(run, slot, memo instanceof Trial ? memo : new Trial(memo))
    }
    return undefined
  }

  status(): FallbackStatus {
    const { tallies, last } = this.#score
    return { name: this.name, links: tallies.map((tally) => tally.status()), lastAnswered: last }
  }

  reset(): void {
    this.#score = this.#blank()
  }

  #blank(): Score {
    return new Score(['work', ...this.settings.links.map(({ name }) => name)])
  }

  #answered(run: Run, memo: Score | Trial): void {
    const byLink = memo instanceof Trial
    const score = byLink ? memo.score : memo
    const tally = score.tallies[byLink ? memo.at : 0]!
    score.last = tally.name
    if (byLink) {
      const now = run.clock.now()
      tally.answer(now, now - memo.since)
      if (events.heard) events.emit({ type: 'fallback.answered', policy: this.name, link: tally.name })
    } else tally.answer(roughNow(run.clock))
    if (this.settings.tell === undefined) return
    try {
      unheard(this.settings.tell(tally.name, run.options))
    } catch {
      // It watches calls; it must not be able to break one.
    }
  }

  #failed(run: Run, slot: number, trial: Trial): Verdict<F> | undefined {
    const { error } = run
    const { tallies } = trial.score
    const from = tallies[trial.at]!
    from.fail(error)
    if (!atOnce('fallback.when', this.settings.when(error))) return undefined
    trial.errors.push(error)
    const { links } = this.settings
    const next = links.findIndex(
      (each, at) => at >= trial.at && atOnce('fallback.links: when', each.when?.(error)) !== false,
    )
    const link = links[next]
    if (link === undefined) {
      if (trial.at > 0) run.fail(new FallbackError(this.name, trial.errors))
      return undefined
    }
    run.memo[slot] = trial
    trial.at = next + 1
    trial.since = run.clock.now()
    tallies[trial.at]!.tried++
    if (events.heard) {
      events.emit({ type: 'fallback.taken', policy: this.name, from: from.name, to: link.name, error })
    }
    return { instead: (call) => link.do(call, error) }
  }
}
