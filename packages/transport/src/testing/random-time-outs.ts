import { seededRandom } from '@holdfast/policy/testing'
import { zeromqClient, zeromqServer } from '../zeromq/index.ts'

/** What became of all calls; `stale` counts answers that were another call's. */
export interface TimeOutCounts {
  readonly answered: number
  readonly late: number
  readonly stale: number
}

/** `count` calls over ZeroMQ, some `at once`, to a peer that takes about as long as they may: half of them run out of time. */
export async function randomTimeOuts(count: number, seed: number, atOnce = 50): Promise<TimeOutCounts> {
  const random = seededRandom(seed)
  await using server = zeromqServer({
    bind: 'tcp://127.0.0.1:*',
    concurrency: count,
    handlers: {
      async answer(input) {
        const { n, ms } = input as { readonly n: number; readonly ms: number }
        if (ms > 0) await new Promise((resolve) => void setTimeout(resolve, ms))
        return n
      },
    },
  })
  await using client = zeromqClient({ connect: server.address })
  const counts = { answered: 0, late: 0, stale: 0 }
  let next = 0
  const caller = async () => {
    while (next < count) {
      const n = next++
      const [ms, within] = [Math.floor(random() * 12), 1 + Math.floor(random() * 12)]
      try {
        if ((await client.call('answer', { n, ms }, { within })) === n) counts.answered++
        else counts.stale++
      } catch (error) {
        if ((error as { readonly code?: unknown }).code !== 'DEADLINE_PASSED') throw error
        counts.late++
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, caller))
  return counts
}
