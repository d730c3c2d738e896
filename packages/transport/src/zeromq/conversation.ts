import { type Call, type CallOptions, type Clock, type Pipeline, wrap } from '@holdfast/policy'
import { type FailureFacts, mayRepeat, WireFailure } from '../failure.ts'
import { onLeg } from '../on-leg.ts'
import { Once } from '../once.ts'
import { callLeg } from './call-leg.ts'
import { Link, type LinkOptions } from './link.ts'
import { batch } from './message.ts'

/*
 * Calls over one link, each with an id.
 *
 * I1  Every call settles: answered, failed, lost with the peer, given up, out of time, or closed.
 * I2  An answer settles the call of its id, once; where there is none (any more) it is counted and dropped.
 * I3  A call is `sent` from the moment the socket takes it; one that is not was certainly never done.
 * I4  There are never more than `room` calls, waiting and sent together, and never more than `window` of them sent.
 * I5  What is called in one turn of the loop leaves in one message, as far as it fits.
 * I6  What may only be done once has one attempt at a time, and another only if that was certainly not done.
 */

/** How calls become messages, and messages answers. */
export interface Dialect<Ask> {
  /** The bytes of one, and how many may share a message. */
  sizeOf(ask: Ask): number
  /** The frames of one message. `gone` are ids nobody waits for any more; there may be nothing but those. */
  write(asks: readonly { readonly id: number; readonly ask: Ask }[], gone: readonly number[]): Buffer[]
  /** The answers in a message; `undefined` if it is none of this dialect. */
  read(frames: readonly Buffer[]): readonly Answer[] | undefined
  /** Whether the peer is told of calls that nobody waits for any more. */
  readonly tells: boolean
}

export interface Answer {
  readonly id: number
  /** Called once, for the call it answers; what it throws is the call's failure. */
  value(): unknown
}

export interface ConversationOptions extends LinkOptions {
  readonly pipeline: Pipeline
  readonly room: number
  readonly window: number
  /** Ms for a call that has no limit of its own. */
  readonly longest: number
}

export interface ConversationStatus {
  /** `joined`: there is a peer; `apart`: calls wait for one. */
  readonly is: 'apart' | 'joined' | 'closed'
  /** Calls that wait to be sent. */
  readonly waiting: number
  /** Calls that were sent, and are not answered. */
  readonly sent: number
  /** Answers for which nobody waited any more. */
  readonly late: number
  /** Messages that made no sense. */
  readonly malformed: number
}

/** What one call asks, and what it may be told it failed with. */
export interface Question<Ask> {
  readonly what: string
  readonly idempotent: boolean
  /** What this attempt asks. */
  ask(call: Call): Ask
}

const bare = wrap()

export class Conversation<Ask> {
  readonly #options: ConversationOptions
  readonly #dialect: Dialect<Ask>
  readonly #link: Link
  readonly #calls = new Map<number, Attempt<Ask>>()
  readonly #waiting = new Set<Attempt<Ask>>()
  #gone: number[] = []
  #sent = 0
  #lastId = 0
  #scheduled = false
  #cancelAgain: (() => void) | undefined
  #late = 0
  #malformed = 0

  constructor(options: ConversationOptions, dialect: Dialect<Ask>) {
    this.#options = options
    this.#dialect = dialect
    this.#link = new Link(options, {
      joined: () => this.#flush(),
      lost: () => this.#lost(),
      refused: (certain) => this.#refused(certain),
      said: (frames) => this.#said(frames),
    })
  }

  /** Asks under the pipeline. */
  hold(question: Question<Ask>, options: CallOptions): Promise<unknown> {
    const words = callLeg(question.what, this.#options.address)
    const once = new Once(question.idempotent)
    return this.#options.pipeline((call) => onLeg(words, () => this.#attempt(question, call, once)), options)
  }

  /** Asks once, under no policy but the caller's time. */
  probe(question: Question<Ask>, options: CallOptions): Promise<unknown> {
    return bare((call) => this.#attempt(question, call, new Once(true)), options)
  }

  status(): ConversationStatus {
    const { size } = this.#calls
    return {
      is: this.#link.is,
      waiting: size - this.#sent,
      sent: this.#sent,
      late: this.#late,
      malformed: this.#malformed,
    }
  }

  close(): void {
    if (this.#link.is === 'closed') return
    this.#link.close()
    this.#cancelAgain?.()
    for (const attempt of this.#calls.values()) {
      const of = attempt.sent ? 'broken' : 'permanent'
      attempt.fail({ class: of, code: 'ZEROMQ_CLOSED', message: `${attempt.what}: the client was closed` })
    }
  }

  #attempt(question: Question<Ask>, call: Call, once: Once): Promise<unknown> {
    const { what, idempotent } = question
    const { room, longest, clock } = this.#options
    if (this.#link.is === 'closed')
      throw new WireFailure({
        class: 'permanent',
        code: 'ZEROMQ_CLOSED',
        message: `${what}: this client is closed`,
      })
    if (this.#calls.size >= room)
      throw new WireFailure({
        class: 'unsent',
        code: 'ZEROMQ_FULL',
        message: `${what}: ${room} calls are under way`,
      })
    const ask = question.ask(call)
    once.begin(call)
    const id = this.#nextId()
    return new Promise((resolve, reject) => {
      const end = (attempt: Attempt<Ask>) => this.#ended(attempt)
      const failed = (undone: boolean, error: unknown) => {
        once.ended(call, undone, error)
        reject(error)
      }
      const attempt = new Attempt({ id, ask, what, idempotent }, { resolve, failed, end })
      this.#calls.set(id, attempt)
      this.#waiting.add(attempt)
      attempt.heed(call.signal)
      if (call.deadline === Infinity && attempt.is === 'open') attempt.limit(clock, longest)
      this.#schedule()
    })
  }

  #nextId(): number {
    do this.#lastId = this.#lastId === 0xffff_ffff ? 1 : this.#lastId + 1
    while (this.#calls.has(this.#lastId))
    return this.#lastId
  }

  /** A call is over, for whatever reason. */
  #ended(attempt: Attempt<Ask>): void {
    this.#calls.delete(attempt.id)
    if (!attempt.sent) return void this.#waiting.delete(attempt)
    this.#sent--
    const tell = attempt.is === 'given up' && this.#dialect.tells && this.#link.is === 'joined'
    if (tell) this.#gone.push(attempt.id)
    if (tell || this.#waiting.size > 0) this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    process.nextTick(() => {
      this.#scheduled = false
      this.#flush()
    })
  }

  /** Sends what waits, as far as there is a peer to send it to. */
  #flush(): void {
    if (this.#link.is !== 'joined') return
    let asks: Attempt<Ask>[] = []
    let size = 0
    for (const next of this.#waiting) {
      if (this.#sent >= this.#options.window) break
      const more = this.#dialect.sizeOf(next.ask)
      if (asks.length > 0 && size + more > batch) {
        this.#send(asks)
        asks = []
        size = 0
      }
      size += more
      asks.push(next)
      this.#waiting.delete(next)
      next.sent = true
      this.#sent++
    }
    if (asks.length > 0) this.#send(asks)
    if (this.#gone.length > 0) this.#send([])
  }

  #send(asks: readonly Attempt<Ask>[]): void {
    const gone = this.#gone
    this.#gone = []
    this.#link.send(this.#dialect.write(asks, gone)).catch(() => this.#untaken(asks))
  }

  /** The socket took nothing: its peer has just gone, or does not read. It is asked again. */
  #untaken(asks: readonly Attempt<Ask>[]): void {
    const open = asks.filter(({ is }) => is === 'open')
    for (const attempt of open) {
      attempt.sent = false
      this.#sent--
      this.#waiting.add(attempt)
    }
    if (this.#link.is === 'closed' || open.length === 0) return
    this.#cancelAgain?.()
    this.#cancelAgain = this.#options.clock.after(5, () => this.#flush())
  }

  #said(frames: readonly Buffer[]): void {
    const answers = this.#dialect.read(frames)
    if (answers === undefined) this.#malformed++
    else for (const answer of answers) this.#answered(answer)
  }

  #answered(answer: Answer): void {
    const attempt = this.#calls.get(answer.id)
    if (attempt?.sent) attempt.answer(answer)
    else this.#late++
  }

  /** What the peer said before it went is on its way up, and counts. */
  #lost(): void {
    this.#gone = []
    const sent = [...this.#calls.values()].filter((attempt) => attempt.sent)
    setImmediate(() => {
      for (const attempt of sent)
        attempt.fail({
          class: 'broken',
          message: `${attempt.what}: the connection broke before an answer came`,
        })
    })
  }

  #refused(certain: boolean): void {
    const why = certain
      ? 'whoever listens there refuses the handshake: another protocol, or CURVE on one side alone'
      : 'whoever listens there breaks off the handshake: a key that does not fit, or no ZeroMQ'
    for (const attempt of this.#calls.values())
      if (!attempt.sent)
        attempt.fail({
          class: certain ? 'permanent' : 'unsent',
          code: 'ZEROMQ_HANDSHAKE',
          message: `${attempt.what}: ${why}`,
        })
  }
}

interface Settling<Ask> {
  resolve(value: unknown): void
  /** `undone`: whether it was certainly not done. */
  failed(undone: boolean, error: unknown): void
  end(attempt: Attempt<Ask>): void
}

/** One attempt of a call. */
class Attempt<Ask> {
  readonly id: number
  readonly ask: Ask
  readonly what: string
  readonly #idempotent: boolean
  readonly #settling: Settling<Ask>
  is: 'open' | 'over' | 'given up' = 'open'
  sent = false
  #signal: AbortSignal | undefined
  #cancelLimit: (() => void) | undefined

  constructor(
    of: { readonly id: number; readonly ask: Ask; readonly what: string; readonly idempotent: boolean },
    settling: Settling<Ask>,
  ) {
    this.id = of.id
    this.ask = of.ask
    this.what = of.what
    this.#idempotent = of.idempotent
    this.#settling = settling
  }

  heed(signal: AbortSignal): void {
    if (signal.aborted) return this.handleEvent({ target: signal })
    this.#signal = signal
    signal.addEventListener('abort', this)
  }

  limit(clock: Clock, ms: number): void {
    this.#cancelLimit = clock.after(ms, () => {
      if (this.#over('given up'))
        this.#reject({ class: 'timeout', message: `${this.what}: no answer within ${ms} ms` })
    })
  }

  answer(answer: Answer): void {
    if (!this.#over('over')) return
    try {
      this.#settling.resolve(answer.value())
    } catch (error) {
      this.#reject(error as FailureFacts)
    }
  }

  fail(facts: FailureFacts): void {
    if (this.#over('over')) this.#reject(facts)
  }

  /** Whoever asked has left, or has no more time. */
  handleEvent({ target }: { readonly target: unknown }): void {
    if (this.#over('given up')) this.#settling.failed(!this.sent, (target as AbortSignal).reason)
  }

  #over(is: 'over' | 'given up'): boolean {
    if (this.is !== 'open') return false
    this.is = is
    this.#signal?.removeEventListener('abort', this)
    this.#cancelLimit?.()
    this.#settling.end(this)
    return true
  }

  #reject({ class: of, message, code, hint, retryAfter, cause }: FailureFacts): void {
    const idempotent = this.#idempotent
    const failure = new WireFailure({ class: of, message, code, hint, retryAfter, cause, idempotent })
    // An answer that could not be sent, or read, is one to what was done.
    const refused = of === 'permanent' && code !== 'ZEROMQ_PAYLOAD'
    this.#settling.failed(!this.sent || refused || mayRepeat(of, false), failure)
  }
}
