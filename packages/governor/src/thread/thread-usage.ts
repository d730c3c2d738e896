import type { Clock } from '@holdfast/policy'
import type { Usage, UsageReader } from '../process-usage.ts'
import type { Thread } from './thread.ts'

/** How long a thread that is asked what it uses has for its answer, in ms. */
const within = 200

export interface ThreadUsageOptions {
  /** Those that run, by their number. */
  readonly threads: ReadonlyMap<number, Thread>
  readonly clock: Clock
}

/** Tells what threads use; one that does not answer in time is not in the answer. */
export const threadUsage =
  ({ threads, clock }: ThreadUsageOptions): UsageReader =>
  async (ids) => {
    const found = new Map<number, Usage>()
    const asked = ids.map(async (id) => {
      const used = await threads
        .get(id)
        ?.usage()
        .catch(() => undefined)
      if (used) found.set(id, used)
    })
    const late = new Promise<void>((resolve) => {
      const cancel = clock.after(within, resolve)
      void Promise.all(asked).then(cancel)
    })
    await Promise.race([Promise.all(asked), late])
    return new Map(found)
  }
