// What a thread runs first: it loads the module of its handler, and answers its governor.
import { parentPort, workerData } from 'node:worker_threads'
import type { HandlerRun } from './handler.ts'
import { heldSockets } from './held-sockets.ts'
import type { FromThread, ThreadStart, ToThread } from './thread-message.ts'

const port = parentPort!
const { module, data, sockets } = workerData as ThreadStart
const control = new AbortController()
const say = (message: FromThread) => port.postMessage(message)

process.on('uncaughtExceptionMonitor', (_, origin) =>
  say({ holdfast: 'dying', of: origin === 'unhandledRejection' ? 'rejection' : 'exception' }),
)
port.on('message', (message: ToThread) => {
  if (message.holdfast === 'ping') say({ holdfast: 'pong', id: message.id })
  if (message.holdfast === 'stop') control.abort()
})

const started = async () => {
  const [listen, { run }] = await Promise.all([
    heldSockets(sockets),
    import(module) as Promise<{ readonly run?: HandlerRun }>,
  ])
  if (typeof run !== 'function') throw new TypeError(`${module} exports no function that is named "run"`)
  await run({ data, signal: control.signal, listen, ready: () => say({ holdfast: 'ready' }) })
  say({ holdfast: 'ready' })
  // From here on only what the handler left open keeps the thread alive.
  port.unref()
}

started().catch((error: unknown) => {
  // Out of the promise, so that it is an exception and not a rejection that nobody handles.
  setImmediate(() => {
    throw error
  })
})
