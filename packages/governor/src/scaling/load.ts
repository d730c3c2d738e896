/**
 * How much one replica has to do at the moment.
 *
 * `cpu`: the share of one core that it uses, 1.5 for one and a half. `lag`: by how many ms its event loop is late.
 * `inFlight`: requests that it has begun and not ended. `queue`: what waits for any of the replicas; whoever of them
 * tells it tells of the same queue. What is not known is left out.
 */
export interface Load {
  readonly cpu?: number
  readonly lag?: number
  readonly inFlight?: number
  readonly queue?: number
}

/** A replica that is asked for its load. */
export interface ReplicaAsked {
  readonly service: string
  /** From 1. */
  readonly replica: number
  readonly pid: number
}

/** Tells the load of a replica. What it rejects with is told; after the signal is aborted nobody waits any more. */
export type LoadReader = (asked: ReplicaAsked, signal: AbortSignal) => Promise<Load>

export const measures = ['cpu', 'lag', 'inFlight', 'queue'] as const
export type Measure = (typeof measures)[number]

/** What is wrong with a load, as a sentence, or undefined. */
export const loadFlaw = (load: unknown): string | undefined => {
  if (typeof load !== 'object' || load === null || Array.isArray(load))
    return 'its load is not an object such as {"inFlight":3}'
  for (const measure of measures) {
    const value: unknown = (load as Record<string, unknown>)[measure]
    if (value !== undefined && !(typeof value === 'number' && Number.isFinite(value) && value >= 0))
      return `its ${measure} is not a number of 0 or more`
  }
  return undefined
}
