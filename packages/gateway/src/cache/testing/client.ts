import { type Outlet, Reply } from '../../reply.ts'

/** A client without a socket: it takes so many pieces, and then no more until it has caught up. */
export const client = (room = Infinity) => {
  const said: string[] = []
  const state = { headersSent: false, writableEnded: false, destroyed: false, writableNeedDrain: false }
  const drains: (() => void)[] = []
  let left = room
  const outlet: Outlet = Object.assign(state, {
    writeHead: (status: number) => {
      state.headersSent = true
      said.push(String(status))
    },
    write: (bytes: Buffer, done?: () => void) => {
      said.push(String(bytes))
      done?.()
      state.writableNeedDrain = --left < 0
      return !state.writableNeedDrain
    },
    end: (bytes: Buffer) => {
      said.push(`${bytes}.`)
      state.writableEnded = true
    },
    destroy: () => {
      state.destroyed = true
    },
    on: (_: 'drain', drained: () => void) => drains.push(drained),
  })
  const catchUp = (more = Infinity): void => {
    left = more
    for (const drained of drains) drained()
  }
  return { reply: new Reply(outlet), said, state, catchUp }
}
