import { createRequire } from 'node:module'
import type { Agent, Dispatcher } from 'undici'

/** A request, as `fetch` hands it to what holds the connections. */
export interface DispatchRequest {
  readonly origin?: string | URL
  readonly method?: string
  readonly headers?: unknown
}

/** What holds connections: undici's `Dispatcher`, as far as it matters here. */
export interface Connections {
  dispatch(request: DispatchRequest, handler: object): boolean
}

/** The connections to one origin. */
export interface ConnectionStatus {
  readonly origin: string
  readonly open: number
  /** Requests that are being answered. */
  readonly running: number
  /** Requests that wait for a connection. */
  readonly waiting: number
}

/*
 * Connections of a client's own, for each origin as many as there are requests at the same time.
 *
 * C1  What may be done only once never goes over a connection that was idle for longer than `FRESH`: the other side may be closing it, and the request
 *     would be lost on it, done or not. (What the other side has closed already, undici sees before it sends.)
 * C2  Idle connections do not keep the process alive.
 */
class OwnConnections {
  /** For what may be done twice. */
  readonly patient: Connections
  /** For what may not. */
  readonly wary: Connections
  readonly #agents: readonly Agent[]

  constructor({ Agent, Dispatcher1Wrapper }: Undici) {
    const wrapped = Dispatcher1Wrapper?.wrapHandler ?? ((handler: object) => handler)
    // The `fetch` of Node speaks HTTP/1.1 alone to what it is given.
    const patient = new Agent({ allowH2: false })
    const wary = new Agent({ allowH2: false, keepAliveTimeout: FRESH, keepAliveMaxTimeout: FRESH })
    const over = (agent: Agent): Connections => ({
      dispatch: (request, handler) => agent.dispatch(request as Dispatcher.DispatchOptions, wrapped(handler)),
    })
    this.patient = over(patient)
    this.wary = over(wary)
    this.#agents = [patient, wary]
  }

  status(): ConnectionStatus[] {
    const all = new Map<string, ConnectionStatus>()
    for (const agent of this.#agents)
      for (const [origin, { connected = 0, running = 0, queued = 0 }] of Object.entries(statsOf(agent))) {
        const { open, running: more, waiting } = all.get(origin) ?? { open: 0, running: 0, waiting: 0 }
        all.set(origin, {
          origin,
          open: open + Number(connected),
          running: more + running,
          waiting: waiting + queued,
        })
      }
    return [...all.values()]
  }

  async close(): Promise<void> {
    await Promise.all(this.#agents.map((agent) => agent.destroy()))
  }
}

/** In ms. */
const FRESH = 1_000

interface Undici {
  readonly Agent: new (options: object) => Agent
  /** Since undici 8, which no longer takes the handlers that `fetch` of older Nodes has. */
  readonly Dispatcher1Wrapper?: { wrapHandler(handler: object): object }
}

interface Stats {
  readonly connected?: number | boolean
  readonly running?: number
  readonly queued?: number
}

function statsOf(agent: Agent): Readonly<Record<string, Stats>> {
  return (agent as unknown as { readonly stats?: Readonly<Record<string, Stats>> }).stats ?? {}
}

/** Where the requests of a client go. */
export interface Pool {
  /** What carries a request: the dispatcher that its caller named, or one of the client's or of the process. */
  under(init: object, harmless: boolean): Connections
  status(): readonly ConnectionStatus[]
  close(): Promise<void>
}

/** Connections of one's own, if they are wanted and undici is installed, and nobody has set others for the whole process; else those of the process. */
export function connections(wanted: boolean): Pool {
  /** `undefined` until the first request. */
  let own: OwnConnections | false | undefined
  return {
    under(init, harmless) {
      const { dispatcher } = init as { readonly dispatcher?: Connections }
      if (dispatcher !== undefined) return dispatcher
      own ??= wanted && !isRedirected() && installed()
      if (own === false) return ofProcess
      return harmless ? own.patient : own.wary
    },
    status: () => (own ? own.status() : []),
    close: async () => {
      if (own) await own.close()
    },
  }
}

function installed(): OwnConnections | false {
  try {
    return new OwnConnections(createRequire(import.meta.url)('undici') as Undici)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return false
    throw error
  }
}

/** The connections that `fetch` has without us. */
const ofProcess: Connections = {
  dispatch(request, handler) {
    const all = slots.map((slot) => globals[slot]).find((each) => each !== undefined)
    return all!.dispatch(request, handler)
  },
}

/** Whether somebody has set other connections for the whole process: a proxy, or a mock. */
function isRedirected(): boolean {
  return slots.some((slot) => {
    const name = globals[slot]?.constructor.name
    return name !== undefined && name !== 'Agent' && name !== 'Dispatcher1Wrapper'
  })
}

/** Where undici keeps them: up to 7, and since 8. */
const slots = ['undici.globalDispatcher.1', 'undici.globalDispatcher.2'].map((name) => Symbol.for(name))
const globals = globalThis as unknown as Readonly<Record<symbol, Connections | undefined>>
