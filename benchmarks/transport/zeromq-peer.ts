// A peer of the benchmark over ZeroMQ: `node zeromq-peer.ts holdfast|router|rep ADDRESS` writes its address and the moment from which it answers.
import { setImmediate } from 'node:timers/promises'
import { zeromqServer } from '@holdfast/transport/zeromq'
import { Reply, Router } from 'zeromq'

const [kind, address] = process.argv.slice(2) as [string, string]

async function bound(socket: Reply | Router): Promise<string> {
  await socket.bind(address)
  return socket.lastEndpoint!
}

/** It answers from its first turn of the loop: to open stdout alone takes some ms before that. */
async function ready(at: string): Promise<void> {
  const { stdout } = process
  await setImmediate()
  stdout.write(`${at} ${process.hrtime.bigint()}\n`)
}

if (kind === 'holdfast') {
  await ready(zeromqServer({ bind: address, handlers: { echo: (said) => said } }).address)
} else if (kind === 'router') {
  const socket = new Router({ linger: 0, sendTimeout: 0 })
  void ready(await bound(socket))
  for (;;) void socket.send(await socket.receive())
} else {
  const socket = new Reply({ linger: 0 })
  void ready(await bound(socket))
  for (;;) await socket.send(await socket.receive())
}
