// One of several that call one another over gRPC: `node grpc-chain.ts ADDRESS LOG [NEXT]`. The last one answers nothing, and notes what it hears.
import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js'
import { context } from '@holdfast/policy/context'
import { grpcClient, grpcServer } from '../grpc/index.ts'
import { askingService } from './grpc-asking.ts'
import type { Ask } from './wire-contract.ts'
import { note } from './work-log.ts'

const [address, log, next] = process.argv.slice(2) as [string, string, string?]

/** Says nothing of deadlines, of traces or of who goes. */
function passesOn(to: string) {
  const { rpc } = grpcClient(askingService, { address: to })
  return ({ request }: ServerUnaryCall<Ask, string>, answer: sendUnaryData<string>) =>
    rpc.ask(request).then((text) => answer(null, text), answer)
}

function hears(call: ServerUnaryCall<Ask, string>, _: sendUnaryData<string>): void {
  const left = Number(call.getDeadline()) - Date.now()
  note(log, left < 200 ? 'less than 200 ms' : `${left} ms`)
  note(log, `for ${context().correlation} in ${context().trace?.traceId}`)
  call.on('cancelled', () => note(log, 'cancelled'))
  context().signal?.addEventListener('abort', () => note(log, 'aborted'))
}

const ask = next === undefined ? hears : passesOn(next)
await grpcServer({ address, services: [{ service: askingService, handlers: { ask } }] })
console.log('ready')
