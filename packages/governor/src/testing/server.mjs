// A server for tests that listens on its first inherited socket, and drains when it is told to end. Plain JavaScript starts faster.
import { readSync, writeSync } from 'node:fs'
import { createServer } from 'node:http'
import { Server } from 'node:net'

/** @type {import('./server-command.ts').ServerBehaviour} */
const behaviour = JSON.parse(process.argv[2] ?? '{}')
let replica = process.env.HOLDFAST_REPLICA
const { HOLDFAST_SPARE_FD: door } = process.env
if (door !== undefined && !behaviour.impatient) {
  const piece = Buffer.alloc(64)
  const read = () => {
    for (;;) {
      try {
        return readSync(Number(door), piece)
      } catch (error) {
        if (error.code !== 'EAGAIN') throw error
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
      }
    }
  }
  const [, number] = piece.toString('utf8', 0, read()).split(/\s/)
  if (number === undefined) process.exit(0)
  replica = number
}
if (behaviour.exit !== undefined) process.exit(behaviour.exit)

let leaving = false
const server = createServer((_, response) => {
  // So that whoever asks again comes to another process.
  if (leaving) response.setHeader('connection', 'close')
  setTimeout(() => response.end(`${process.pid} ${replica} ${behaviour.version ?? ''}`), 2)
})
process.on('SIGTERM', () => {
  leaving = true
  // As net has it: http's own close() cuts idle connections too, on which a request may be under way.
  Server.prototype.close.call(server, () => process.exit(0))
})
server.listen({ fd: 3 }, () => {
  if (behaviour.silent) return
  if (process.env.NOTIFY_FD) writeSync(Number(process.env.NOTIFY_FD), 'READY=1\n')
  writeSync(1, 'up\n')
})
