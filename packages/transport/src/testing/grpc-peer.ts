// The peer of the contract over gRPC: `node grpc-peer.ts ADDRESS LOG`.
import { Metadata, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js'
import { grpcServer } from '../grpc/index.ts'
import { askingService } from './grpc-asking.ts'
import type { Ask } from './wire-contract.ts'
import { note } from './work-log.ts'

const [address, log] = process.argv.slice(2) as [string, string]
const codes: Readonly<Record<string, status>> = {
  transient: status.UNAVAILABLE,
  permanent: status.INVALID_ARGUMENT,
  throttled: status.RESOURCE_EXHAUSTED,
}
type Asked = ServerUnaryCall<Ask, string>

function ask(call: Asked, answer: sendUnaryData<string>): void {
  const { does, text, ms = 0 } = call.request
  if (does === 'count' || does === 'hang' || does === 'cut') note(log, text)
  switch (does) {
    case 'hang':
      return
    case 'wait':
      return void setTimeout(() => answer(null, text), ms)
    case 'fail':
      return answer({ code: codes[text]!, details: text })
    case 'told':
      return answer(null, told(call))
    case 'cut':
      call.sendMetadata(new Metadata())
      return void setImmediate(() => cut(call))
    default:
      return answer(null, text)
  }
}

/** What came along; the time left, which gRPC sends in a way of its own, under the name that it has elsewhere. */
function told(call: Asked): string {
  const left = Number(call.getDeadline()) - Date.now()
  return JSON.stringify({ ...call.metadata.getMap(), 'x-request-timeout-ms': String(left) })
}

/** Breaks the connection: grpc-js has no door to it. */
function cut(call: Asked): void {
  const { nextCall } = (
    call as unknown as { call: { nextCall: { stream: { session: { socket: unknown } } } } }
  ).call
  const { session } = nextCall.stream as unknown as { session: { destroy(): void } }
  session.destroy()
}

await grpcServer({ address, services: [{ service: askingService, handlers: { ask } }] })
console.log('ready')
