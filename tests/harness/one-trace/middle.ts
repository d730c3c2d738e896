// The second of three processes: calls come by gRPC, and go on by ZeroMQ, tried twice.
import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js'
import { events, policy, retry } from '@holdfast/policy'
import { grpcServer, statusOf } from '@holdfast/transport/grpc'
import { zeromqClient } from '@holdfast/transport/zeromq'
import { answers, type Question } from './answers.ts'
import { hop } from './hop.ts'

const { log, next, listening } = hop('middle')
const pipeline = policy('working', retry({ attempts: 2, backoff: { initial: 1 } }))
const connected = next.then((port) => zeromqClient({ connect: `tcp://127.0.0.1:${port}`, pipeline }))

events.on((event) => {
  if (event.type !== 'retry.waited') return
  const { attempt, error } = event
  log.warn(error, `attempt ${attempt} failed: ${(error as Error).message}`)
})

async function work(body: Question): Promise<string> {
  const client = await connected
  return client.call('work', body, { idempotent: true })
}

function ask({ request, metadata }: ServerUnaryCall<Question, string>, answer: sendUnaryData<string>): void {
  log.info({ metadata: metadata.getMap(), body: request }, 'called')
  work(request).then(
    (text) => answer(null, text),
    (error) => answer(statusOf(error)),
  )
}

listening(await grpcServer({ address: '127.0.0.1:0', services: [{ service: answers, handlers: { ask } }] }))
