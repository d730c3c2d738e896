import { type Pace, paceAfter } from './pace.ts'

/** A call to a model that has come to its end. Times are ms. */
export interface CallOver {
  readonly now: number
  readonly ms: number
  /** Whether it had brought content before. */
  readonly spoke: boolean
  /** Whether its answer came whole. */
  readonly whole: boolean
  /** Whether the client asked for a stream. */
  readonly stream: boolean
  /** Tokens of the answer, where the provider told them. */
  readonly output: number | undefined
}

/*
 * I1  `inFlight` are the calls that have begun and are not over; silence is that of the ones among them that have brought nothing yet.
 * I2  What came to nothing tells of a pace only that it is no better than so: it makes a mean worse, never better, and never the first.
 * I3  `failed` is how the last call ended that ended by itself, with an answer or by the provider's fault.
 */

/** How a model behind an upstream does just now, whichever chains ask it. Known to this process, since it began. */
export class Pulse {
  #inFlight = 0
  #waiting = 0
  #silentSince = 0
  #failed = false
  #output: Pace | undefined
  readonly #streams = { asked: false, pace: undefined as Pace | undefined }
  readonly #pieces = { asked: false, pace: undefined as Pace | undefined }

  get inFlight(): number {
    return this.#inFlight
  }

  get failed(): boolean {
    return this.#failed
  }

  /** Tokens of an answer, in the mean of the last few. */
  get output(): number | undefined {
    return this.#output?.mean
  }

  /** Whether it was ever called, for a stream or for an answer in one piece. */
  asked(stream: boolean): boolean {
    return this.#kind(stream).asked
  }

  /** From a call to its first content, of streams; to the whole answer, of others. */
  pace(stream: boolean): Pace | undefined {
    return this.#kind(stream).pace
  }

  /** For how long it has kept silent while somebody waited for it, in ms. */
  silence(now: number): number {
    return this.#waiting > 0 ? now - this.#silentSince : 0
  }

  began(now: number, stream: boolean): void {
    if (this.#waiting === 0) this.#silentSince = now
    this.#inFlight++
    this.#waiting++
    this.#kind(stream).asked = true
  }

  /** The first content of a stream is here, after so many ms. */
  spoke(now: number, ms: number): void {
    this.#waiting--
    this.#silentSince = now
    this.#failed = false
    this.#streams.pace = paceAfter(this.#streams.pace, ms, now)
  }

  over({ now, ms, spoke, whole, stream, output }: CallOver): void {
    this.#inFlight--
    if (!spoke) {
      this.#waiting--
      this.#silentSince = now
    }
    if (whole) this.#failed = false
    if (whole && output !== undefined) this.#output = paceAfter(this.#output, output, now)
    if (stream && spoke) return
    const kind = this.#kind(stream)
    if (whole || ms > (kind.pace?.mean ?? Infinity)) kind.pace = paceAfter(kind.pace, ms, now)
  }

  /** Its last call came to nothing, by the provider's fault. */
  hasFailed(): void {
    this.#failed = true
  }

  #kind(stream: boolean) {
    return stream ? this.#streams : this.#pieces
  }
}
