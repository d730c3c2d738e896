import type { OutHeaders } from '../headers.ts'
import type { Outlet, Reply } from '../reply.ts'

/** How it was for one who listened: there to the end, or gone before. */
export type Heard = 'all' | 'left'

/** One who waits for the answer, and how far it has been given it. */
interface Listener {
  readonly reply: Reply
  /** What its head says besides. */
  readonly headers: OutHeaders
  readonly over: (heard: Heard) => void
  /** Pieces, and bytes, that it has. */
  pieces: number
  bytes: number
  /** Whether it has to catch up before it is given more. */
  behind: boolean
}

/**
 * One answer for all who ask the same at the same time. It is written by a reply like to any client, and read by the replies of those who listen.
 *
 * I1  Whoever listens is given the same head and the same bytes from the first one on, whenever it came.
 * I2  The fastest sets the pace: the provider has to wait only while everybody does.
 * I3  Who leaves only leaves. When the last has left, `signal` aborts, and the flight is over.
 * I4  Who is so far behind that what it lacks would not be remembered is let go.
 * I5  It can be joined, and its `body` is whole, as long as its beginning is remembered.
 */
export class Flight implements Outlet {
  readonly socket = undefined
  readonly #longest: number
  readonly #controller = new AbortController()
  readonly #listeners = new Set<Listener>()
  #head: { readonly status: number; readonly headers: OutHeaders } | undefined
  #pieces: Buffer[] = []
  /** Pieces, and bytes, that are no longer remembered. */
  #dropped = 0
  #droppedBytes = 0
  #bytes = 0
  #resume: (() => void) | undefined
  #end: 'whole' | 'broken' | undefined

  /** So much, in bytes, is remembered of the answer, and so far one who listens may be behind. */
  constructor(longest = 16 * 1024 * 1024) {
    this.#longest = longest
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get headersSent(): boolean {
    return this.#head !== undefined
  }

  get writableEnded(): boolean {
    return this.#end !== undefined
  }

  get destroyed(): boolean {
    return this.#end === 'broken' || this.signal.aborted
  }

  get writableNeedDrain(): boolean {
    for (const { behind } of this.#listeners) if (!behind) return false
    return this.#listeners.size > 0
  }

  get listening(): number {
    return this.#listeners.size
  }

  /** Whether its beginning is still there, and somebody else may want it. */
  get joinable(): boolean {
    return this.#dropped === 0 && !this.destroyed
  }

  get status(): number | undefined {
    return this.#head?.status
  }

  get type(): string {
    return String(this.#head?.headers['content-type'] ?? '')
  }

  /** All it said, but for comments, where it came to its end and is remembered. */
  body(): Buffer | undefined {
    if (this.#end !== 'whole' || this.#dropped > 0) return undefined
    const said = this.#pieces.filter((piece) => piece[0] !== colon || piece.includes('\ndata'))
    // A copy of its own, since a piece may hold on to a much larger buffer.
    const whole = Buffer.allocUnsafeSlow(said.reduce((sum, { length }) => sum + length, 0))
    let at = 0
    for (const piece of said) at += piece.copy(whole, at)
    return whole
  }

  /** Gives `reply` the answer, from the beginning, until it is over or the signal aborts. */
  listen(reply: Reply, signal: AbortSignal, headers: OutHeaders = {}): Promise<Heard> {
    if (signal.aborted) {
      this.#endIfUnheard()
      return Promise.resolve('left')
    }
    return new Promise((resolve) => {
      const over = (heard: Heard): void => {
        signal.removeEventListener('abort', leave)
        this.#listeners.delete(listener)
        resolve(heard)
      }
      const listener: Listener = { reply, headers, over, pieces: 0, bytes: 0, behind: false }
      const leave = (): void => this.#leave(listener)
      signal.addEventListener('abort', leave)
      this.#listeners.add(listener)
      if (this.#head) this.#greet(listener, this.#head)
      this.#give(listener)
      this.#goOn()
    })
  }

  writeHead(status: number, headers: OutHeaders): void {
    this.#head = { status, headers }
    for (const listener of this.#listeners) this.#greet(listener, this.#head)
  }

  write(bytes: Buffer, done?: () => void): boolean {
    this.#say(bytes)
    done?.()
    return !this.writableNeedDrain
  }

  end(bytes: Buffer): void {
    this.#end = 'whole'
    this.#say(bytes)
  }

  /** What was said last are the words with which it breaks off. */
  destroy(): void {
    if (this.#end) return
    this.#end = 'broken'
    for (const listener of this.#listeners) this.#give(listener)
  }

  on(_: 'drain', resume: () => void): void {
    this.#resume = resume
  }

  #greet({ reply, headers }: Listener, head: { status: number; headers: OutHeaders }): void {
    reply.begin(head.status, { ...headers, ...head.headers })
  }

  #say(bytes: Buffer): void {
    this.#pieces.push(bytes)
    this.#bytes += bytes.length
    for (const listener of this.#listeners) {
      if (this.#bytes - listener.bytes > this.#longest && !this.#end) this.#letGo(listener)
      else this.#give(listener)
    }
    if (this.#bytes - this.#droppedBytes > this.#longest) this.#forget()
  }

  /** Gives what there is, as far as the client takes it; all of it at the end, since nothing more will come. */
  #give(listener: Listener): void {
    const { reply } = listener
    if (listener.behind && !this.#end) return
    const last = this.#dropped + this.#pieces.length - 1
    while (listener.pieces <= last) {
      const piece = this.#pieces[listener.pieces - this.#dropped]!
      if (this.#end && listener.pieces === last) return this.#part(listener, piece)
      listener.pieces++
      listener.bytes += piece.length
      if (reply.relay(piece) || this.#end) continue
      listener.behind = true
      reply.drained(() => this.#caughtUp(listener))
      return
    }
    if (this.#end) this.#part(listener, empty)
  }

  /** Who has no head yet is answered by whoever knows why. */
  #part({ reply, over }: Listener, last: Buffer): void {
    if (this.#end === 'whole') reply.end(last)
    else if (this.#head) reply.breakOffSaying(last)
    over('all')
  }

  #caughtUp(listener: Listener): void {
    if (!this.#listeners.has(listener)) return
    listener.behind = false
    this.#give(listener)
    this.#goOn()
  }

  /** The provider may not have been stopped; then nobody waits for this. */
  #goOn(): void {
    if (!this.writableNeedDrain) this.#resume?.()
  }

  #letGo(listener: Listener): void {
    listener.reply.breakOff(tooSlow)
    this.#leave(listener)
  }

  #leave({ over }: Listener): void {
    over('left')
    this.#endIfUnheard()
  }

  #endIfUnheard(): void {
    if (this.#listeners.size === 0)
      this.#controller.abort(new DOMException('the client went away', 'AbortError'))
  }

  /** Only what somebody lacks is remembered of an answer that is too long. */
  #forget(): void {
    const had = Math.min(...[...this.#listeners].map(({ pieces }) => pieces))
    const gone = this.#pieces.splice(0, had - this.#dropped)
    this.#dropped += gone.length
    this.#droppedBytes += gone.reduce((sum, { length }) => sum + length, 0)
  }
}

const empty = Buffer.alloc(0)
const colon = 58

const tooSlow = {
  message: 'The answer was not read in time.',
  type: 'timeout_error',
  code: 'client_too_slow',
  param: null,
} as const
