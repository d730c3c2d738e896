import type * as net from 'node:net'
import { demandOptions } from '../options.ts'
import { growth } from '../retry/backoff.ts'
import type { Random } from '../time/clock.ts'
import { answerTo } from './answer-to.ts'

/** Where to announce this process, and as what; by default what its environment says. */
export interface AnnounceOptions {
  /** The local socket of a Holdfast; without one (`HOLDFAST_CONTROL` is not set) nothing happens. */
  readonly path?: string | undefined
  /** What this process is called (`HOLDFAST_SERVICE`). */
  readonly service?: string | undefined
  readonly random?: Random
}

/** Whether this process is announced; `close` takes it back. */
export interface Announcement extends Disposable {
  readonly is: 'connected' | 'connecting' | 'closed'
  close(): void
}

/** Waits between attempts to connect, in ms, with full jitter. */
const WAITS = { initial: 50, max: 5_000, factor: 2 }
/** Characters that may come without the end of a line. */
const LONGEST = 65_536

const links = new Map<string, Link>()

/**
 * Makes this process's policies seen from outside: its Holdfast can ask for their status, and reset or isolate them by name.
 *
 * Does nothing, at no cost, in a process that no Holdfast has started. It connects again when the Holdfast restarts, never keeps the process alive,
 * and never throws into it. Announced twice at one socket, a process is announced once.
 */
export function announce(options: AnnounceOptions = {}): Announcement {
  demandOptions('announce', options, ['path', 'service', 'random'])
  const { path = process.env['HOLDFAST_CONTROL'], service = process.env['HOLDFAST_SERVICE'] } = options
  if (path === undefined || path === '') return nowhere
  const there = links.get(path)
  if (there !== undefined) return there
  const link = new Link(path, service, options.random ?? Math.random)
  links.set(path, link)
  link.connect()
  return link
}

const nowhere: Announcement = { is: 'closed', close() {}, [Symbol.dispose]() {} }

/*
 * I1  There is one socket or one timer, and neither once it is closed; neither keeps the process alive.
 * I2  Whatever the other end sends or does ends the connection at worst.
 */
class Link implements Announcement {
  is: 'connected' | 'connecting' | 'closed' = 'connecting'
  readonly #path: string
  readonly #service: string | undefined
  readonly #random: Random
  #socket: net.Socket | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #failures = 0

  constructor(path: string, service: string | undefined, random: Random) {
    this.#path = path
    this.#service = service
    this.#random = random
  }

  connect(): void {
    try {
      this.#open(process.getBuiltinModule('node:net').connect(this.#path))
    } catch {
      // A path that cannot be one.
      this.#lost()
    }
  }

  #open(socket: net.Socket): void {
    this.#socket = socket
    let text = ''
    socket
      .setEncoding('utf8')
      .unref()
      .on('error', () => {})
      .once('connect', () => {
        this.is = 'connected'
        this.#failures = 0
        const announced = { pid: process.pid, service: this.#service }
        socket.write(`${JSON.stringify({ id: 1, call: 'announce', with: announced })}\n`)
      })
      .on('data', (chunk: string) => {
        const lines = (text + chunk).split('\n')
        text = lines.pop()!
        for (const line of lines) reply(socket, line)
        if (text.length > LONGEST) socket.destroy()
      })
      .once('close', () => this.#lost())
  }

  close(): void {
    this.is = 'closed'
    links.delete(this.#path)
    clearTimeout(this.#timer)
    this.#socket?.destroy()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #lost(): void {
    if (this.is === 'closed') return
    this.is = 'connecting'
    const wait = growth(WAITS, this.#failures++) * this.#random()
    this.#timer = setTimeout(() => this.connect(), wait)
    this.#timer.unref()
  }
}

/** Answers a call; what is none is not for us. */
function reply(socket: net.Socket, line: string): void {
  const answer = answerTo(line)
  if (answer !== undefined && socket.writable) socket.write(`${answer}\n`)
}
