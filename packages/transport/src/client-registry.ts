import { type Clock, demand } from '@holdfast/policy'
import { WireFailure } from './failure.ts'

export interface ClientRegistryOptions<C> {
  /** Makes the client of a peer; `signal` aborts when the registry is closed meanwhile. What it rejects with is not remembered. */
  readonly open: (peer: string, signal: AbortSignal) => C | PromiseLike<C>
  /** Lets go of one; nobody uses it any more, or ever will. */
  readonly close: (client: C, peer: string) => unknown
  /** Whether a client is of no more use; asked before and after each use. None is, unless it is said. */
  readonly isDead?: (client: C) => boolean
  /** For how many ms nobody has used a client that is dropped (300 000). */
  readonly idle?: number
  /** Clients at the same time (1 000): beyond them the one that was used longest ago makes way, if any is not in use. */
  readonly most?: number
  /** Unless it is said, one whose pending timers do not keep the process alive. */
  readonly clock?: Clock
}

/** A client that is there, or being made. */
export interface ClientStatus {
  readonly peer: string
  readonly is: 'opening' | 'open'
  /** How many use it, or wait for it. */
  readonly users: number
}

/** One client for each peer. */
export interface ClientRegistry<C> extends AsyncDisposable {
  /**
   * Does `work` with the client of a peer, which is made if there is none. Nobody closes it meanwhile. Rejects with what `open` or the work rejects with,
   * with `CLIENTS_FULL` if there are too many and all of them are in use, and with `CLIENTS_CLOSED`.
   */
  use<R>(peer: string, work: (client: C) => R | PromiseLike<R>): Promise<R>
  /** Drops the client of a peer, if there is one: the next use makes another. Resolves when it is closed; those who use it are waited for. */
  drop(peer: string): Promise<void>
  clients(): readonly ClientStatus[]
  /** Closes all of them, as soon as nobody uses them; uses after that are refused. Rejects with what a client rejects with, when all are closed. Twice is harmless. */
  close(): Promise<void>
}

/**
 * Keeps one client for each peer: made once, however many ask for it at the same time, dropped when it is dead or idle, and closed at the end.
 *
 * A client that is dropped is gone from the list at once, and closed when the last who uses it is done. What `close` rejects with when a client is
 * dropped for being dead or idle, nobody is told.
 */
export function clientRegistry<C>(options: ClientRegistryOptions<C>): ClientRegistry<C> {
  const { idle = 300_000, most = 1_000 } = options
  demand(idle > 0, 'clientRegistry.idle', idle, 'a number of ms above 0')
  demand(most >= 1, 'clientRegistry.most', most, 'a number from 1')
  const registry = new Registry(options, { idle, most })
  const close = (): Promise<void> => registry.close()
  return {
    use: (peer, work) => registry.use(peer, work),
    drop: (peer) => registry.drop(peer),
    clients: () => registry.status(),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** A client, from the moment it is asked for until it is closed. */
interface Entry<C> {
  readonly peer: string
  readonly opened: Promise<C>
  readonly gone: PromiseWithResolvers<void>
  state: { readonly is: 'opening' | 'closing' } | { readonly is: 'open'; readonly client: C }
  users: number
  listed: boolean
  /** Ends its idle time, if that has begun. */
  busy: (() => void) | undefined
}

/*
 * R1  For each peer there is at most one entry on the list, and it stands in the order of last use.
 * R2  An entry that left the list never comes back; its client is closed once, when it has no user.
 * R3  An entry has an idle time running if and only if it is listed, open and without a user.
 * R4  After `close` no entry is listed, and none is added.
 */
class Registry<C> {
  readonly #options: ClientRegistryOptions<C>
  readonly #idle: number
  readonly #most: number
  readonly #clock: Clock
  readonly #listed = new Map<string, Entry<C>>()
  readonly #leaving = new Set<Entry<C>>()
  readonly #ending = new AbortController()
  #closed: Promise<void> | undefined

  constructor(options: ClientRegistryOptions<C>, { idle, most }: { idle: number; most: number }) {
    this.#options = options
    this.#idle = idle
    this.#most = most
    this.#clock = options.clock ?? quietClock
  }

  async use<R>(peer: string, work: (client: C) => R | PromiseLike<R>): Promise<R> {
    const entry = this.#entry(peer)
    this.#join(entry)
    try {
      const client = await entry.opened
      return await work(client)
    } finally {
      this.#part(entry)
    }
  }

  async drop(peer: string): Promise<void> {
    const entry = this.#listed.get(peer)
    if (entry === undefined) return
    this.#unlist(entry)
    await entry.gone.promise
  }

  status(): ClientStatus[] {
    return [...this.#listed.values()].map(({ peer, state, users }) => ({
      peer,
      is: state.is === 'open' ? 'open' : 'opening',
      users,
    }))
  }

  close(): Promise<void> {
    this.#closed ??= this.#closeAll()
    return this.#closed
  }

  async #closeAll(): Promise<void> {
    this.#ending.abort(refused('CLIENTS_CLOSED'))
    for (const entry of [...this.#listed.values()]) this.#unlist(entry)
    const ends = await Promise.allSettled([...this.#leaving].map(({ gone }) => gone.promise))
    const failed = ends.find((end) => end.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  #entry(peer: string): Entry<C> {
    if (this.#closed !== undefined) throw refused('CLIENTS_CLOSED')
    const found = this.#listed.get(peer)
    if (found !== undefined && !this.#isDead(found)) return found
    if (found !== undefined) this.#unlist(found)
    if (this.#listed.size >= this.#most) {
      const idle = longestIdle(this.#listed.values())
      if (idle === undefined) throw refused('CLIENTS_FULL')
      this.#unlist(idle)
    }
    return this.#open(peer)
  }

  #open(peer: string): Entry<C> {
    const { open } = this.#options
    const entry: Entry<C> = {
      peer,
      opened: new Promise((resolve) => resolve(open(peer, this.#ending.signal))),
      gone: Promise.withResolvers(),
      state: { is: 'opening' },
      users: 0,
      listed: true,
      busy: undefined,
    }
    entry.gone.promise.catch(() => undefined)
    this.#listed.set(peer, entry)
    entry.opened.then(
      (client) => {
        entry.state = { is: 'open', client }
        this.#settle(entry)
      },
      () => {
        this.#unlist(entry)
        this.#forget(entry)
      },
    )
    return entry
  }

  #join(entry: Entry<C>): void {
    entry.users++
    entry.busy?.()
    entry.busy = undefined
    this.#listed.delete(entry.peer)
    this.#listed.set(entry.peer, entry)
  }

  #part(entry: Entry<C>): void {
    entry.users--
    if (entry.listed && this.#isDead(entry)) this.#unlist(entry)
    else this.#settle(entry)
  }

  #unlist(entry: Entry<C>): void {
    if (!entry.listed) return
    entry.listed = false
    if (this.#listed.get(entry.peer) === entry) this.#listed.delete(entry.peer)
    this.#leaving.add(entry)
    entry.busy?.()
    entry.busy = undefined
    this.#settle(entry)
  }

  /** Does what is due to an entry without a user: its idle time begins, or it is closed. */
  #settle(entry: Entry<C>): void {
    if (entry.users > 0 || entry.state.is !== 'open') return
    if (entry.listed) entry.busy ??= this.#clock.after(this.#idle, () => this.#unlist(entry))
    else this.#end(entry, entry.state.client)
  }

  async #end(entry: Entry<C>, client: C): Promise<void> {
    entry.state = { is: 'closing' }
    try {
      await this.#options.close(client, entry.peer)
      entry.gone.resolve()
    } catch (error) {
      entry.gone.reject(error)
    } finally {
      this.#leaving.delete(entry)
    }
  }

  #forget(entry: Entry<C>): void {
    this.#leaving.delete(entry)
    entry.gone.resolve()
  }

  #isDead({ state }: Entry<C>): boolean {
    return state.is === 'open' && this.#options.isDead?.(state.client) === true
  }
}

/** Who makes way for another: of those that nobody uses, the one that was used longest ago, which stands first. */
function longestIdle<E extends { readonly users: number }>(listed: Iterable<E>): E | undefined {
  for (const entry of listed) if (entry.users === 0) return entry
  return undefined
}

const refusals = {
  CLIENTS_CLOSED: {
    class: 'permanent',
    message: 'the registry of clients is closed',
    hint: 'Make another registry, or close this one later.',
  },
  CLIENTS_FULL: {
    class: 'throttled',
    message: 'there are as many clients as there may be, and all of them are in use',
    hint: 'Use fewer peers at the same time, or allow more clients.',
  },
} as const

function refused(code: keyof typeof refusals): WireFailure {
  return new WireFailure({ code, ...refusals[code] })
}

/** A client that nobody uses is no reason for a process to stay. */
const quietClock: Clock = {
  now: () => performance.now(),
  after(ms, fn) {
    const timer = setTimeout(fn, ms).unref()
    return () => clearTimeout(timer)
  },
}
