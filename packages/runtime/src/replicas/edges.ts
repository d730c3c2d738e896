import type { ControlCall, ControlPeer, ServiceStatus } from '@holdfast/governor'
import { type Clock, systemClock } from '@holdfast/policy'
import { type EdgeReplica, type EdgeStatus, edgeParts } from './edge-replica.ts'

/** What a process of the edge reports: whose it is, how many connections clients have to it, and what it knows. */
export interface EdgeReport {
  readonly pid: number
  readonly connections: number
  readonly status: EdgeStatus
}

/** What the processes of the edge say of themselves, as their governor hears it. */
export interface Edges {
  /** A process of the edge says how it is; it is known for as long as it is connected. */
  report(report: EdgeReport, peer: ControlPeer): void
  /** What each process knows, as it said last; of those of the edge that live and said something within 5 s. */
  latest(edge: ServiceStatus): readonly EdgeStatus[]
  /** The same, asked now; of one that does not answer within a second, as it said last. */
  now(edge: ServiceStatus): Promise<readonly EdgeStatus[]>
  /** The same in short. */
  replicas(edge: ServiceStatus): readonly EdgeReplica[]
  /** Asks one process of the edge on behalf of another: `{ pid, call, with }`. */
  readonly ask: ControlCall
}

/** For how long a report is believed, in ms. */
const believedFor = 5_000
/** How long a process may take to answer, in ms; one that hangs must not hold up the others. */
const patience = 1_000

/*
 * I1  A process counts as long as the governor says that it lives, it is connected, and it has said something within 5 s.
 * I2  Of two with the same number, one of which takes over from the other, the one that came later counts.
 */
/** Keeps book of the processes of the edge. */
export function edges(clock: Clock = systemClock): Edges {
  const said = new Map<ControlPeer, EdgeReport & { readonly at: number }>()

  const current = (edge: ServiceStatus) => {
    const numbers = new Map(
      (edge.replicas?.each ?? [{ pid: edge.pid, replica: 1 }]).flatMap(({ pid, replica }) =>
        pid === undefined || replica === undefined ? [] : [[pid, replica] as const],
      ),
    )
    const found = new Map<number, EdgeReport & { readonly peer: ControlPeer; readonly age: number }>()
    for (const [peer, { at, ...report }] of said) {
      const replica = numbers.get(report.pid)
      const age = clock.now() - at
      if (replica !== undefined && age <= believedFor) found.set(replica, { peer, ...report, age })
    }
    return [...found].sort(([one], [other]) => one - other)
  }
  return {
    report(report, peer) {
      if (!said.has(peer)) peer.signal.addEventListener('abort', () => said.delete(peer), { once: true })
      said.set(peer, { ...report, at: clock.now() })
    },
    latest: (edge) => current(edge).map(([, { status }]) => status),
    now: (edge) =>
      Promise.all(
        current(edge).map(async ([, { peer, status }]) => {
          const answer = await peer.call('status', undefined, { timeout: patience }).catch(() => status)
          return answer as EdgeStatus
        }),
      ),
    replicas: (edge) =>
      current(edge).map(([replica, { pid, connections, age, status }]) => ({
        replica,
        pid,
        age,
        connections,
        inFlight: status.gateway.inFlight,
        requests: status.gateway.chains.reduce((sum, { counts }) => sum + counts.requests, 0),
        ailing: edgeParts(status).filter(({ level }) => level !== 'healthy'),
      })),
    ask(input) {
      const { pid, call, with: asked } = Object(input) as Readonly<Record<string, unknown>>
      for (const [peer, report] of said)
        if (report.pid === pid) return peer.call(String(call), asked, { timeout: patience })
      throw Object.assign(new Error(`no process of the edge has the pid ${String(pid).slice(0, 20)}`), {
        code: 'UNKNOWN_PROCESS',
      })
    },
  }
}
