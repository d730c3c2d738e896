// The peer of the contract over ZeroMQ: `node zeromq-peer.ts PORT LOG`.
import { connect, createServer, type Socket } from 'node:net'
import { context } from '@holdfast/policy/context'
import { envelopeOf } from '../envelope.ts'
import { type FailureClass, WireFailure } from '../failure.ts'
import { TurnedAway, zeromqServer } from '../zeromq/index.ts'
import type { Ask } from './wire-contract.ts'
import { note } from './work-log.ts'

const [port, log] = process.argv.slice(2) as [string, string]

const server = zeromqServer({
  bind: 'tcp://127.0.0.1:*',
  handlers: {
    async ask(input) {
      const { does, text, ms = 0 } = input as Ask
      if (does === 'count' || does === 'hang' || does === 'cut') note(log, text)
      switch (does) {
        case 'hang':
          return new Promise(() => undefined)
        case 'wait':
          await new Promise((resolve) => void setTimeout(resolve, ms))
          return text
        case 'fail':
          throw text === 'throttled'
            ? new TurnedAway(text)
            : new WireFailure({ class: text as FailureClass, message: text })
        case 'told':
          return JSON.stringify(envelopeOf({ deadline: context().deadline ?? Infinity, headers: {} }))
        case 'cut':
          cutting = true
          return 'x'.repeat(100_000)
        default:
          return text
      }
    },
  },
})

// ZeroMQ itself never sends half a message: whoever is between the two cuts it.
let cutting = false
createServer((near: Socket) => {
  const far = connect(Number(new URL(server.address).port), '127.0.0.1')
  const end = () => {
    near.destroy()
    far.destroy()
  }
  for (const side of [near, far]) side.on('error', end).on('close', end)
  near.pipe(far)
  far.on('data', (chunk) => {
    if (!cutting) return void near.write(chunk)
    cutting = false
    near.write(chunk.subarray(0, 1_000), () => {
      near.resetAndDestroy()
      far.destroy()
    })
  })
}).listen(Number(port), '127.0.0.1', () => console.log('ready'))
