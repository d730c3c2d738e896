import { Agent, request } from 'node:http'

/** Requests without a pause, four at a time, each of which must be answered. */
export interface Load {
  /** The answers so far. */
  readonly answers: readonly string[]
  /** The codes of the errors so far. */
  readonly errors: readonly string[]
  /** Resolves once so many more requests were answered or have failed. */
  more(count: number): Promise<void>
  /** Resolves when the last request is over, and no connection is left. */
  end(): Promise<void>
  /** Ends at once. */
  abandon(): void
}

/** Puts a port of this machine under load, on connections that are kept or on a new one for each request. */
export const load = (port: number, keepAlive: boolean): Load => {
  const agent = new Agent({ keepAlive, maxSockets: 4 })
  const answers: string[] = []
  const errors: string[] = []
  const waiting = new Set<() => void>()
  let over = false
  const ask = () =>
    new Promise<void>((resolve) => {
      const done = () => {
        resolve()
        for (const each of [...waiting]) each()
      }
      const failed = (error: NodeJS.ErrnoException) => {
        errors.push(error.code ?? error.message)
        done()
      }
      const asked = request({ agent, host: '127.0.0.1', port }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (piece) => {
          text += piece
        })
        response.once('error', failed)
        response.once('end', () => {
          answers.push(text)
          done()
        })
      })
      asked.once('error', failed)
      asked.end()
    })
  const asking = Promise.all(
    Array.from({ length: 4 }, async () => {
      while (!over) await ask()
    }),
  )
  return {
    answers,
    errors,
    more: (count) =>
      new Promise((resolve) => {
        const goal = answers.length + errors.length + count
        const look = () => {
          if (answers.length + errors.length < goal) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
      }),
    end: async () => {
      over = true
      await asking
      agent.destroy()
    },
    abandon: () => {
      over = true
      agent.destroy()
    },
  }
}
