// The backend: four of the five places where a call may fail, and what is said when it does.
//   GET /orders/7      what the AI service says of an order
//   GET /customers/ann what the AI service asks in turn
//   GET /breakers      what all processes count of their breakers
import { WireFailure } from '@holdfast/transport'
import { door, told } from './door.ts'
import { hf, log } from './service.ts'
import { Ai, type AiCalls, Kernel, type KernelCalls } from './shop.ts'

const kernel = hf.grpc<KernelCalls>('kernel', Kernel)
const ai = hf.grpc<AiCalls>('ai', Ai)
const carrier = hf.fetch('carrier')
const metrics = hf.fetch('metrics')

const customers: Readonly<Record<string, string>> = { ann: 'Ann Archer', ben: 'Ben Baker' }
let lastBreakers: readonly object[] | undefined

/** Without the kernel there is nothing to say; without the others there is less. */
async function order(id: number): Promise<object> {
  const without: string[] = []
  const instead = (place: string, value: string) => (error: unknown) => {
    log.warn(error, `without ${place}`)
    without.push(place)
    return value
  }
  const found = await kernel.findOrder({ id }, { idempotent: true })
  const tracking = await told<{ readonly is: string }>(carrier(`/parcels/${found.parcel}`)).then(
    ({ is }) => is,
    instead('carrier', 'on its way'),
  )
  const text = await ai
    .answer({ order: found, tracking })
    .then((answer) => answer.text, instead('ai', `The ${found.item}: ${tracking}.`))
  return { text, without }
}

async function breakers(): Promise<object> {
  try {
    const response = await metrics('/metrics')
    if (!response.ok)
      throw new WireFailure({ class: 'transient', message: 'no metrics', status: response.status })
    lastBreakers = [...(await response.text()).matchAll(line)].map(({ groups }) => ({ ...groups }))
    return { breakers: lastBreakers, old: false }
  } catch (error) {
    log.warn(error, 'without metrics')
    if (lastBreakers === undefined) throw error
    return { breakers: lastBreakers, old: true }
  }
}

const line =
  /^holdfast_breaker_state\{breaker="(?<name>[^"]+)",service="(?<in>[^"]+)",pid="\d+",state="(?<is>[^"]+)"\} 1$/gm

door(async (path) => {
  const [, what, which = ''] = path.split('/')
  const customer = what === 'customers' ? customers[which] : undefined
  if (customer !== undefined) return { name: customer }
  if (what === 'orders' && /^\d{1,9}$/.test(which)) return order(Number(which))
  if (path === '/breakers') return breakers()
  throw new WireFailure({
    class: 'permanent',
    status: 404,
    message: `there is no ${path}`,
    hint: 'Try /orders/7.',
  })
})
