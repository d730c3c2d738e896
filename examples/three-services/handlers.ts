// The handlers at the kernel's side: small pieces of work, asked for over ZeroMQ.
import { zeromqServer } from '@holdfast/transport/zeromq'
import { asked, host, port } from './service.ts'

const stock: Readonly<Record<string, number>> = { lamp: 12, chair: 0 }

zeromqServer({
  bind: `tcp://${host}:${port}`,
  handlers: {
    stock(item) {
      asked(`stock of ${item}`)
      return stock[String(item)] ?? 0
    },
  },
})
