import type { Asking } from '@holdfast/governor'
import type { GovernorView } from '../status.ts'
import { otherReplicas, replicaNumbers } from './edge-replica.ts'
import type { Part } from './in-parts.ts'

/** What another process of the edge answered. */
export interface OfReplica<T> {
  readonly replica: number
  readonly items: readonly T[]
}

/** The other processes of the edge, as one of them reaches them: through their governor. */
export interface OtherEdges {
  /** The number of this process, where there are several. */
  number(): Promise<number | undefined>
  /** What each of the others answers, whole. One that cannot, or does not within a second or two, is left out, and complained about. */
  ask<T>(call: string, input?: unknown): Promise<readonly OfReplica<T>[]>
}

export interface OtherEdgesOptions {
  readonly governor: Asking
  /** What the governor said last. */
  readonly heard: () => Promise<{ readonly view: Pick<GovernorView, 'edge' | 'edges'> }>
  readonly pid: number
  /** Hears what could not be told, and why. */
  readonly complain: (error: unknown) => void
}

/** Longer than the governor waits for a process, and less than scrapers wait; ms. */
const patience = 2_000

/** Reaches the other processes of the edge; where there are none, nothing is asked. */
export function otherEdges({ governor, heard, pid, complain }: OtherEdgesOptions): OtherEdges {
  const number = ({ edge }: Pick<GovernorView, 'edge'>): number | undefined =>
    replicaNumbers(edge) && edge.replicas?.each.find((each) => each.pid === pid)?.replica

  const whole = async <T>(other: number, call: string, input: unknown): Promise<readonly T[]> => {
    const items: T[] = []
    for (let asked: unknown = { for: input }; ; ) {
      const answer = await governor.call('edge', { pid: other, call, with: asked }, { timeout: patience })
      const part = answer as Part<T>
      items.push(...part.items)
      if (part.more === undefined) return items
      asked = { more: part.more }
    }
  }
  return {
    number: async () => number((await heard()).view),
    async ask<T>(call: string, input?: unknown) {
      const { view } = await heard()
      const answers = await Promise.all(
        otherReplicas(view, pid).map(async ({ replica, pid: other }) => {
          const items = await whole<T>(other, call, input).catch((error: unknown) => {
            complain(error)
            return undefined
          })
          return items ? [{ replica, items }] : []
        }),
      )
      return answers.flat()
    },
  }
}
