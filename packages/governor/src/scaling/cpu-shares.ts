import type { Clock } from '@holdfast/policy'
import type { UsageReader } from '../process-usage.ts'

/** Which share of a core each process group has used since the last look; one that was not there then is not in the answer. */
export type CpuShares = (groups: readonly number[]) => Promise<ReadonlyMap<number, number>>

interface Reading {
  /** Seconds of CPU, of the members that live. */
  readonly cpu: number
  readonly at: number
}

/*
 * I1  A share is of the time between two looks that both asked for the group: what it did before it was asked for, such
 *     as starting, never counts.
 * I2  A group whose sum has fallen, since a member has ended, has no share this time.
 */
/** Remembers what groups had used at the last look. Never rejects. */
export const cpuShares = (usage: UsageReader, clock: Clock): CpuShares => {
  let before: ReadonlyMap<number, Reading> = new Map()
  return async (groups) => {
    const used = await usage(groups).catch(() => new Map())
    const at = clock.now()
    const now = new Map<number, Reading>()
    const shares = new Map<number, number>()
    for (const [group, { cpu }] of used) {
      now.set(group, { cpu, at })
      const last = before.get(group)
      if (last && at > last.at && cpu >= last.cpu)
        shares.set(group, ((cpu - last.cpu) * 1_000) / (at - last.at))
    }
    before = now
    return shares
  }
}
