import type { Effect, Life, LifeEvent } from '../life/life.ts'
import type { UsageReader } from '../process-usage.ts'
import type { Service } from '../service.ts'

/** What concerns one service alone. */
export type OwnEffect = Exclude<Effect, { readonly do: 'group' }>

/** The hands of one life: they carry out what its lifecycle decided, and decide nothing. */
export interface Performer {
  perform(effect: OwnEffect): void
  /** Resolves when every line that its runs wrote was given out, and nothing that they started is left. */
  drained(): Promise<unknown>
  /**
   * Asks the service now how it is, by its `alive` or `ready` probe: undefined when it is well, when there is nothing to
   * ask, or when no answer came within so many ms.
   */
  ask(within: number): Promise<string | undefined>
  /** This process ends without a stop, and at once: what runs shall not be left to nobody. */
  abandon(run: number): void
}

/** What a governor runs services with; of which kind they are, it alone knows. */
export interface Hands<S extends Service> {
  /** Takes a life of a service on, known by its id; `tell` takes what an effect set going reports, now or later. */
  performer(service: S, tell: (event: LifeEvent) => void, id: string): Performer
  /** To be awaited once, before anything is started: settles what an earlier governor left of these lives. */
  settle(lives: readonly Life[]): Promise<void>
  /** Resolves when nothing of the governor's own is left; to be called when no service runs. */
  rest(): Promise<void>
  /** What runs use, by the number with which they were spawned. */
  readonly usage: UsageReader
}
