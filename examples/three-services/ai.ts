// The AI service in TypeScript: asks the backend who the customer is, and finds words. `ai.py` is the same in Python.
import { grpcServer } from '@holdfast/transport/grpc'
import { told } from './door.ts'
import { asked, hf, host, log, port } from './service.ts'
import { Ai, handler, type Order } from './shop.ts'

const backend = hf.fetch('backend')

async function nameOf(customer: string): Promise<string> {
  try {
    return (await told<{ readonly name: string }>(backend(`/customers/${customer}`))).name
  } catch (error) {
    log.warn(error, 'without the backend')
    return 'customer'
  }
}

async function answer({ order, tracking }: { readonly order: Order; readonly tracking: string }) {
  asked('an answer')
  const name = await nameOf(order.customer)
  const stock = order.inStock === undefined ? '' : ` There are ${order.inStock} more in stock.`
  return { text: `Dear ${name}, your ${order.item} is ${tracking}.${stock}` }
}

await grpcServer({
  address: `${host}:${port}`,
  services: [{ service: Ai, handlers: { answer: handler(answer) } }],
})
