// The other side: `node grpc-answerer.ts bare|holdfast ADDRESS`; writes the time from which it answers.
import { setImmediate } from 'node:timers/promises'
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js'
import { bulkhead, wrap } from '@holdfast/policy'
import { grpcServer } from '@holdfast/transport/grpc'
import { echoService } from './grpc-service.ts'

const [kind, address] = process.argv.slice(2) as ['bare' | 'holdfast', string]
const echo = ({ request }: ServerUnaryCall<object, object>, answer: sendUnaryData<object>) =>
  answer(null, request)

if (kind === 'bare') {
  const server = new Server()
  server.addService(echoService, { echo })
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error) =>
      error ? reject(error) : resolve(),
    )
  })
} else {
  const services = [{ service: echoService, handlers: { echo } }]
  await grpcServer({ address, services, admission: wrap(bulkhead({ limit: 1_000 })) })
}
// It answers from its first turn of the loop: to open stdout alone takes some ms before that.
const { stdout } = process
await setImmediate()
stdout.write(`${performance.timeOrigin + performance.now()}\n`)
