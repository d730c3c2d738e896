import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises'
import { type Dispatcher, Pool } from 'undici'
import { isRight, type Kind, requests } from './exchange.ts'

/** A client that asks the question again and again. Any answer that is not right rejects. */
export type Load = {
  ask(kind: Kind): Promise<void>
  /** Keeps `concurrency` questions in flight until `stop`; `count` tells how many were answered so far. */
  flood(kind: Kind, concurrency: number): { count(): number; stop(): Promise<void> }
  /** Asks `rate` a second, whatever the answers do. The first fifth is left out. */
  paced(kind: Kind, pace: { rate: number; duration: number }): Promise<Latencies>
  /** Where it asks, and what goes along with each question. */
  readonly origin: string
  readonly headers: Readonly<Record<string, string>>
  close(): Promise<void>
}

/** In ms, each from when its question was due: to the first byte of the answer's body, and to its last. */
export type Latencies = { first: number[]; whole: number[] }

/** A load on one origin, over keep-alive connections; `more` goes along with each question. */
export function load(origin: string, more: Readonly<Record<string, string>> = {}): Load {
  const headers = { ...usual, ...more }
  const pool = new Pool(origin, { connections: 64, headersTimeout: 10_000, bodyTimeout: 10_000 })
  const right: Record<Kind, Buffer[]> = { json: [], sse: [] } // answers that were found right, byte by byte

  function check(kind: Kind, status: number, body: Buffer): void {
    if (status === 200 && right[kind].some((known) => known.equals(body))) return
    if (status !== 200 || !isRight(kind, body.toString())) {
      throw new Error(`a wrong answer from ${origin} (${kind}, ${status}): ${body.toString().slice(0, 300)}`)
    }
    if (right[kind].length < 4) right[kind].push(body)
  }

  function ask(kind: Kind, began?: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const pieces: Buffer[] = []
      let status = 0
      const handler: Dispatcher.DispatchHandler = {
        onRequestStart() {},
        onResponseStart(_, code) {
          status = code
        },
        onResponseData(_, piece) {
          if (pieces.length === 0) began?.()
          pieces.push(piece)
        },
        onResponseEnd() {
          try {
            check(kind, status, Buffer.concat(pieces))
            resolve()
          } catch (error) {
            reject(error)
          }
        },
        onResponseError: (_, error) => reject(error),
      }
      pool.dispatch({ path: '/v1/chat/completions', method: 'POST', headers, body: requests[kind] }, handler)
    })
  }

  return {
    origin,
    headers,
    ask: (kind) => ask(kind),
    flood(kind, concurrency) {
      let answered = 0
      let on = true
      const one = async () => {
        while (on) {
          await ask(kind)
          answered++
        }
      }
      const all = Promise.all(Array.from({ length: concurrency }, one))
      all.catch(() => {}) // `stop` tells
      return {
        count: () => answered,
        async stop() {
          on = false
          await all
        },
      }
    },
    async paced(kind, { rate, duration }) {
      const total = Math.round((rate * duration) / 1_000)
      const latencies: Latencies = { first: [], whole: [] }
      const start = performance.now() + 5
      const asked: Promise<void>[] = []
      for (let index = 0; index < total; index++) {
        const due = start + (index * 1_000) / rate
        await until(due)
        const note = (where: number[]) => () => {
          if (index >= total / 5) where.push(performance.now() - due)
        }
        const answered = ask(kind, note(latencies.first)).then(note(latencies.whole))
        answered.catch(() => {}) // told below
        asked.push(answered)
      }
      await Promise.all(asked)
      return latencies
    },
    close: () => pool.close(),
  }
}

const usual = { 'content-type': 'application/json', authorization: 'Bearer hf-benchmark-0123456789' }

/** Waits for a moment on the monotonic clock. Timers are a millisecond coarse, so the last two are spun, letting everything else run. */
async function until(due: number): Promise<void> {
  const left = due - performance.now()
  if (left > 2) await wait(left - 2)
  while (performance.now() < due) await turn()
}
