import type { Clock } from '@holdfast/policy'
import type { Life, LifeEvent } from './life/life.ts'
import { isUp } from './life/life-moves.ts'
import type { Usage, UsageReader } from './process-usage.ts'

export interface WeighingOptions {
  readonly clock: Clock
  /** How long after one look the next follows, in ms. */
  readonly every: number
  readonly usage: UsageReader
  readonly lives: ReadonlyMap<string, Life>
  readonly tell: (name: string, event: LifeEvent) => void
}

/*
 * Looks at the memory of the services that have a limit.
 *
 * I1  One look at a time; the next is due `every` ms after it.
 * I2  No timer is armed while no service with a limit runs.
 */
/** Takes up looking, or leaves off, as the services stand; to be called when that has changed. */
export const weighing = ({ clock, every, usage, lives, tell }: WeighingOptions): (() => void) => {
  let cancel: (() => void) | undefined
  let looking = false

  const limited = () =>
    [...lives.values()].filter((life) => life.service.maxMemory !== undefined && life.run && isUp(life))

  const look = async () => {
    cancel = undefined
    looking = true
    const asked = limited()
    const found: ReadonlyMap<number, Usage> = await usage(asked.map(({ run }) => run!.pid)).catch(
      () => new Map(),
    )
    looking = false
    for (const { id, run, generation } of asked) {
      const seen = found.get(run!.pid)
      if (seen) tell(id, { is: 'weighed', generation, bytes: seen.memory })
    }
    change()
  }
  const change = () => {
    const any = limited().length > 0
    if (any && !cancel && !looking) cancel = clock.after(every, () => void look())
    if (any || !cancel) return
    cancel()
    cancel = undefined
  }
  return change
}
