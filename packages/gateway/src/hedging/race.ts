import { HedgeLostError, TimeoutError } from '@holdfast/policy'
import { activeSpan } from '@holdfast/telemetry/traces'
import { askUpstream } from '../ask-upstream.ts'
import type { Asked } from '../chain.ts'
import type { UpstreamLink } from '../link.ts'
import { ProviderFailure } from '../provider-failure.ts'
import type { Lane, LaneOver } from './lane.ts'

interface Running {
  readonly lane: Lane
  readonly over: Promise<LaneOver>
  readonly stop: (reason: unknown) => void
}

/** The links of the chain that are not asked. */
export interface Others {
  /** The link to ask beside one that is late, if there is one. */
  spare(): UpstreamLink | undefined
  /** It was stopped through no fault of its own, and may be asked again. */
  giveBack(link: UpstreamLink): void
}

/**
 * Who of the links that are asked at once answers the request.
 *
 * I1  At most two lanes run at once, and at most one of a request is a hedge. None begins beside another once the client has any of the answer.
 * I2  One lane at most owns the reply: the first to claim it, until that lane is over. Only the owner writes.
 * I3  Whoever claims the reply has stopped the other lane before he writes: what was asked there is cut off in the same turn, and what became of it is
 *     nobody's failure.
 * I4  When the client goes away every lane is stopped. A closed race has no lane, no timer and no listener.
 */
export class Race {
  readonly #asked: Asked
  readonly #others: Others
  readonly #running: Running[] = []
  #owner: Lane | undefined
  #mayHedge: boolean
  #late: Promise<'late'> | undefined
  #cancelTimer: (() => void) | undefined

  constructor(asked: Asked, others: Others) {
    const { hedging, reply, signal, journey } = asked
    this.#asked = asked
    this.#others = others
    this.#mayHedge = hedging !== undefined && !reply.transcript.started && !journey.retriedOutside
    if (this.#mayHedge) signal.addEventListener('abort', this.#left)
  }

  get running(): boolean {
    return this.#running.length > 0
  }

  /** Asks a link, while no other is asked. */
  ask(link: UpstreamLink): void {
    this.#begin(link, false)
    if (!this.#mayHedge || this.#asked.reply.transcript.started) return
    const { clock, hedging } = this.#asked
    this.#late = new Promise((resolve) => {
      this.#cancelTimer = clock.after(hedging!.after, () => resolve('late'))
    })
  }

  /** The next lane that comes to its end, answered or failed; one that was stopped is none. */
  async over(): Promise<LaneOver> {
    for (;;) {
      const first = await this.#first()
      if (first === 'late') this.#hedge()
      else if (this.#retire(first.lane)) return first
    }
  }

  /** Stops whoever still runs. */
  close(): void {
    this.#disarm()
    this.#asked.signal.removeEventListener('abort', this.#left)
    for (const { stop } of this.#running.splice(0)) stop(new HedgeLostError(this.#asked.journey.chain))
  }

  #first(): Promise<LaneOver | 'late'> {
    const over = this.#running.map((each) => each.over)
    if (this.#late) return Promise.race([...over, this.#late])
    return over.length === 1 ? over[0]! : Promise.race(over)
  }

  #hedge(): void {
    this.#disarm()
    const { hedging, reply, journey, tally, signal } = this.#asked
    if (this.#owner || reply.transcript.started || signal.aborted || this.#running.length !== 1) return
    const [{ lane: late }] = this.#running as [Running]
    const spare = hedging!.allowed ? this.#others.spare() : undefined
    if (!spare) return
    hedging!.take()
    this.#mayHedge = false
    journey.hedged = spare.name
    tally.hedges.sent++
    activeSpan()?.addEvent('chain.hedged', { 'holdfast.link': spare.name, 'holdfast.late': late.link.name })
    this.#begin(spare, true)
  }

  #begin(link: UpstreamLink, hedge: boolean): void {
    const own = this.#mayHedge || hedge ? new AbortController() : undefined
    const lane: Lane = {
      link,
      hedge,
      signal: own?.signal ?? this.#asked.signal,
      claim: () => this.#claim(lane),
      attempts: 0,
      since: undefined,
    }
    const over = askUpstream(this.#asked, lane).then((error) => ({ lane, error }))
    this.#running.push({ lane, over, stop: (reason) => own?.abort(reason) })
  }

  readonly #left = (): void => {
    this.#disarm()
    for (const { stop } of this.#running) stop(this.#asked.signal.reason)
  }

  #claim(lane: Lane): void {
    if (this.#owner === lane) return
    if (this.#owner || !this.#running.some((each) => each.lane === lane)) throw overtaken(lane)
    this.#owner = lane
    this.#disarm()
    const { hedging, tally } = this.#asked
    hedging?.spoke(lane.link.upstream.name)
    if (lane.hedge) tally.hedges.won++
    const other = this.#running.find((each) => each.lane !== lane)
    if (!other) return
    this.#running.splice(this.#running.indexOf(other), 1)
    other.stop(this.#lost(other.lane))
    this.#others.giveBack(other.lane.link)
  }

  /** Why a lane is stopped: what is called a time-out counts against its breaker, and nothing else does. */
  #lost({ link, hedge, since }: Lane): Error {
    const { hedging, clock, journey, request } = this.#asked
    const { name, patience, streams } = link.upstream
    const silent = since === undefined ? 0 : clock.now() - since
    const limit = request.stream || streams ? patience.firstToken : patience.headers
    const tooLong = !hedge && hedging!.overtaken(name, silent, limit)
    return tooLong ? new TimeoutError(name, limit) : new HedgeLostError(journey.chain)
  }

  /** Whether the lane still ran. */
  #retire(lane: Lane): boolean {
    const place = this.#running.findIndex((each) => each.lane === lane)
    if (place === -1) return false
    this.#running.splice(place, 1)
    if (this.#owner === lane) this.#owner = undefined
    this.#disarm()
    return true
  }

  #disarm(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#late = undefined
  }
}

/** For a lane that did not stop when it was told to. */
function overtaken({ link }: Lane): ProviderFailure {
  return new ProviderFailure({
    class: 'cancelled',
    message: `${link.name} was overtaken by another link`,
    code: 'OVERTAKEN',
  })
}
