// The kernel: knows all orders, and asks the handlers at its side, over ZeroMQ, what is in stock.
import { status } from '@grpc/grpc-js'
import { grpcServer } from '@holdfast/transport/grpc'
import { asked, hf, host, log, port } from './service.ts'
import { handler, Kernel, type Order } from './shop.ts'

const handlers = hf.zeromq('handlers')

const orders: Readonly<Record<number, Order>> = {
  7: { id: 7, customer: 'ann', item: 'lamp', parcel: 'P-70' },
  8: { id: 8, customer: 'ben', item: 'chair', parcel: 'P-80' },
}

async function findOrder({ id }: { readonly id: number }): Promise<Order> {
  asked(`order ${id}`)
  const order = orders[id]
  if (order === undefined) throw { code: status.NOT_FOUND, details: `there is no order ${id}` }
  try {
    return { ...order, inStock: await handlers.call<number>('stock', order.item, { idempotent: true }) }
  } catch (error) {
    log.warn(error, 'without the handlers')
    return order
  }
}

await grpcServer({
  address: `${host}:${port}`,
  services: [{ service: Kernel, handlers: { findOrder: handler(findOrder) } }],
})
