import type { Clock } from '@holdfast/policy'
import type { GovernorEvent } from '../governor-event.ts'
import type { UsageReader } from '../process-usage.ts'
import type { ScalingRules } from './autoscale.ts'
import { cpuShares } from './cpu-shares.ts'
import { type Load, loadFlaw, type ReplicaAsked } from './load.ts'
import { loadPage } from './load-page.ts'
import { type ScalingState, scaling, unscaled } from './scaling.ts'
import type { ReplicaSeen } from './wish.ts'

/** A replica as it stands. */
export type ReplicaNow =
  | { readonly is: 'starting' }
  | { readonly is: 'ready'; readonly replica: number; readonly pid: number }

/** The replicas of a service as they stand, without those that leave or were given up. */
export interface ReplicasNow {
  readonly wanted: number
  readonly replicas: readonly ReplicaNow[]
}

export interface ScalerOptions {
  readonly service: string
  readonly rules: ScalingRules
  readonly clock: Clock
  readonly usage: UsageReader
  readonly now: () => ReplicasNow
  /** Sets how many replicas there are to be, and neither throws nor waits for them. */
  readonly scale: (replicas: number) => void
  readonly announce: (event: GovernorEvent) => void
}

/** The longest that a replica is waited for when it is asked for its load, in ms. */
const patience = 2_000

/*
 * I1  One look at a time; the next is due `every` ms after it. After the end there is none, and no timer.
 * I2  A reader that throws, hangs or talks nonsense has told nothing; that is announced once, until all have told again,
 *     unless the replica is gone meanwhile.
 * I3  What was found is only acted on if the number of replicas is still what it was when the look began.
 */
/** Looks at the load of one service again and again and has it scaled, until it is called. */
export const scaler = (options: ScalerOptions): (() => void) => {
  const { service, rules, clock, usage, now, scale, announce } = options
  const shares = cpuShares(usage, clock)
  const read = rules.read ?? (rules.page === undefined ? undefined : loadPage(rules.page))
  const ends = new AbortController()
  let state: ScalingState = unscaled(rules, now().wanted, clock.now())
  let failing = false
  let cancel = () => {}

  const wait = () => {
    cancel = clock.after(rules.every, () => void look())
  }
  const look = async () => {
    const { wanted, replicas } = now()
    const { seen, flaw } = await measure(replicas)
    if (ends.signal.aborted) return
    tell(flaw, seen)
    if (now().wanted === wanted) {
      const step = scaling(state, { wanted, replicas: seen }, clock.now())
      state = step.state
      if (step.wanted !== wanted) {
        announce({ type: 'service.scaled', service, from: wanted, to: step.wanted, why: step.why })
        scale(step.wanted)
      }
    }
    if (!ends.signal.aborted) wait()
  }

  const measure = async (replicas: readonly ReplicaNow[]): Promise<Measured> => {
    const ready = replicas.flatMap((each) => (each.is === 'ready' ? [each] : []))
    const [cpu, answers] = await Promise.all([
      rules.cpu === undefined ? new Map<number, number>() : shares(ready.map(({ pid }) => pid)),
      Promise.all(ready.map(({ replica, pid }) => ask({ service, replica, pid }))),
    ])
    const seen: ReplicaSeen[] = ready.map(({ pid }, n) => {
      const share = cpu.get(pid)
      return { is: 'ready', load: { ...(share !== undefined && { cpu: share }), ...answers[n]?.load } }
    })
    const starting = replicas.filter(({ is }) => is === 'starting').map(() => ({ is: 'starting' }) as const)
    const there = new Set(now().replicas.flatMap((each) => (each.is === 'ready' ? [each.pid] : [])))
    const wrong = answers.find(({ flaw }, n) => flaw !== undefined && there.has(ready[n]!.pid))
    return { seen: [...seen, ...starting], flaw: wrong?.flaw }
  }

  /** What a replica tells in time; never rejects. */
  const ask = async (asked: ReplicaAsked): Promise<Answer> => {
    if (!read) return {}
    const control = new AbortController()
    const signal = AbortSignal.any([control.signal, ends.signal])
    let forget = () => {}
    const late = new Promise<Answer>((resolve) => {
      forget = clock.after(patience, () => resolve({ flaw: `no answer within ${patience} ms` }))
      signal.addEventListener('abort', () => resolve({}))
    })
    const answer = (async () => read(asked, signal))().then(
      (load): Answer => {
        const flaw = loadFlaw(load)
        return flaw === undefined ? { load } : { flaw }
      },
      (error: unknown): Answer => ({ flaw: error instanceof Error ? error.message : String(error) }),
    )
    const first = await Promise.race([answer, late])
    forget()
    control.abort()
    return first.flaw === undefined ? first : { flaw: `replica ${asked.replica}: ${first.flaw}` }
  }

  const tell = (found: string | undefined, seen: readonly ReplicaSeen[]) => {
    const ready = seen.flatMap((each) => (each.is === 'ready' ? [each.load] : []))
    if (ready.length === 0) return
    const unread = (['lag', 'inFlight', 'queue'] as const).find(
      (each) => rules[each] !== undefined && ready.every((load) => load[each] === undefined),
    )
    const flaw = found ?? (unread && `no replica tells its ${unread}`)
    if (flaw !== undefined && !failing) announce({ type: 'load.failed', service, why: flaw })
    if (flaw === undefined && failing) announce({ type: 'load.recovered', service })
    failing = flaw !== undefined
  }

  wait()
  return () => {
    ends.abort()
    cancel()
  }
}

interface Measured {
  readonly seen: readonly ReplicaSeen[]
  readonly flaw: string | undefined
}

interface Answer {
  readonly load?: Load
  readonly flaw?: string
}
