import { type Clock, systemClock } from '@holdfast/policy'
import { reapWithin } from '../process-group.ts'
import { type FindMarked, findMarked, type Marked } from './marked.ts'
import { lives, mark, type ProcessMark } from './process-mark.ts'

/*
 * Looks through the processes of the machine for those that carry a mark of this governor.
 *
 * I1  An answer comes from a look that began after it was asked for.
 * I2  However many ask, one look at a time; unless somebody is in a hurry, nine tenths of the time none is under way.
 * I3  Only a process whose mark was read is signalled.
 * I4  What was killed counts as left until it is dead: its mark can be read no more while it still holds its sockets.
 */

export interface SweeperOptions {
  readonly governor: string
  readonly clock?: Clock
  readonly find?: FindMarked
}

export type Wanted = (marked: Marked) => boolean

export interface Sweeper {
  /** Sends a signal to every process that is wanted. */
  signal(wanted: Wanted, signal: NodeJS.Signals): Promise<void>
  /** Kills what is wanted until nothing of it is left; resolves with the ids of those that survive it for 5 s. */
  end(wanted: Wanted): Promise<readonly number[]>
  /** Those who wait for a look now wait no longer. */
  hurry(): void
}

/** Finds the marked processes of one governor, for all its services together. */
export const sweeper = ({ governor, clock = systemClock, find = findMarked }: SweeperOptions): Sweeper => {
  let next: Promise<readonly Marked[]> | undefined
  let under: Promise<unknown> = Promise.resolve()
  let rested = clock.now()
  let hurried = false
  let wake = () => {}

  const rest = () =>
    new Promise<void>((resolve) => {
      const left = rested - clock.now()
      if (hurried || left <= 0) return resolve()
      const cancel = clock.after(left, resolve)
      wake = () => {
        cancel()
        resolve()
      }
    })
  const hurry = () => {
    hurried = true
    wake()
  }
  const look = (): Promise<readonly Marked[]> => {
    if (next) return next
    const before = under
    const looking = (async () => {
      await before
      await rest()
      next = undefined
      hurried = false
      const began = clock.now()
      try {
        return await find(governor)
      } finally {
        rested = clock.now() + 9 * (clock.now() - began)
      }
    })()
    next = looking
    under = looking.catch(() => {})
    return looking
  }
  const end = async (wanted: Wanted) => {
    const until = clock.now() + reapWithin
    const dying = new Map<number, ProcessMark | undefined>()
    for (let round = 1; ; round++) {
      const found = (await look()).filter(wanted).map(({ pid }) => pid)
      for (const [pid, known] of dying) if (!known || !lives(known)) dying.delete(pid)
      const left = new Set([...found, ...dying.keys()])
      if (left.size === 0 || clock.now() >= until) return [...left]
      for (const pid of found) {
        dying.set(pid, mark(pid))
        send(pid, 'SIGKILL')
      }
      // A look takes long enough for most to die meanwhile.
      if (round > 5) await new Promise<void>((resolve) => void clock.after(50, resolve))
      hurry()
    }
  }
  return {
    signal: async (wanted, signal) => {
      for (const { pid } of (await look()).filter(wanted)) send(pid, signal)
    },
    end,
    hurry,
  }
}

const send = (pid: number, signal: NodeJS.Signals): void => {
  if (pid <= 1 || pid === process.pid) return
  try {
    process.kill(pid, signal)
  } catch {
    // Gone meanwhile, or not ours to signal: the next look tells which.
  }
}
