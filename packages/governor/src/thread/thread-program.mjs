// @ts-check
// What a thread runs first: it loads the module of its handler, and answers its governor. Plain JavaScript, since a thread
// that is started from source would first load what makes JavaScript of TypeScript, which takes as long as all the rest.
import { parentPort, workerData } from 'node:worker_threads'
import { heldSockets } from './held-sockets.mjs'

/** @import { MessagePort } from 'node:worker_threads' */
/** @import { HandlerRun } from './handler.ts' */
/** @import { FromThread, ThreadStart, ToThread } from './thread-message.ts' */

const port = /** @type {MessagePort} */ (parentPort)
const { module, data, sockets } = /** @type {ThreadStart} */ (workerData)
const control = new AbortController()
/** @param {FromThread} message */
const say = (message) => port.postMessage(message)

process.on('uncaughtExceptionMonitor', (_, origin) =>
  say({ holdfast: 'dying', of: origin === 'unhandledRejection' ? 'rejection' : 'exception' }),
)
port.on('message', (/** @type {ToThread} */ message) => {
  if (message.holdfast === 'ping') say({ holdfast: 'pong', id: message.id })
  if (message.holdfast === 'stop') control.abort()
})

const started = async () => {
  /** @type {[readonly object[], { readonly run?: HandlerRun }]} */
  const [listen, { run }] = await Promise.all([heldSockets(sockets), import(module)])
  if (typeof run !== 'function') throw new TypeError(`${module} exports no function that is named "run"`)
  await run({ data, signal: control.signal, listen, ready: () => say({ holdfast: 'ready' }) })
  say({ holdfast: 'ready' })
  // From here on only what the handler left open keeps the thread alive.
  port.unref()
}

started().catch((error) => {
  // Out of the promise, so that it is an exception and not a rejection that nobody handles.
  setImmediate(() => {
    throw error
  })
})
