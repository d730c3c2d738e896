// A peer of the benchmark over ZeroMQ: `node zeromq-peer.ts holdfast|router|rep ADDRESS` writes its address and the moment from which it answers.
import { zeromqServer } from '@holdfast/transport/zeromq'
import { Reply, Router } from 'zeromq'

const [kind, address] = process.argv.slice(2) as [string, string]

async function bound(socket: Reply | Router): Promise<string> {
  await socket.bind(address)
  return socket.lastEndpoint!
}

const ready = (at: string) => console.log(`${at} ${process.hrtime.bigint()}`)

if (kind === 'holdfast') {
  ready(zeromqServer({ bind: address, handlers: { echo: (said) => said } }).address)
} else if (kind === 'router') {
  const socket = new Router({ linger: 0, sendTimeout: 0 })
  ready(await bound(socket))
  for (;;) void socket.send(await socket.receive())
} else {
  const socket = new Reply({ linger: 0 })
  ready(await bound(socket))
  for (;;) await socket.send(await socket.receive())
}
