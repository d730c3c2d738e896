import { status } from '@grpc/grpc-js'
import type { LegEnd, LegStart } from '@holdfast/policy'
import { type LegWords, serverOf } from '../on-leg.ts'
import { GrpcFailure } from './grpc-failure.ts'
import type { Wire, WireMethod } from './wire.ts'

/** An attempt at a method, as OpenTelemetry's conventions for remote calls (release candidate) have it. */
export function clientLeg({ address }: Wire, { path }: WireMethod): LegWords<unknown> {
  return {
    start: () => ({ ...startOf('client', path), attributes: { ...about(path), ...serverOf(address) } }),
    answered: () => ({ is: 'done', attributes: { [statusCode]: 'OK' } }),
    failed: (error) =>
      error instanceof GrpcFailure ? { [statusCode]: error.grpcStatus, 'error.type': error.grpcStatus } : {},
  }
}

/** A method that is handled. */
export function startOf(kind: LegStart['kind'], path: string): LegStart {
  return { kind, name: path.slice(1), attributes: about(path) }
}

/** What a status says of how a call was handled: not every one that is not OK speaks against the server. */
export function endOf(code: status, blamed: boolean): LegEnd {
  const name = status[code] ?? String(code)
  if (!blamed) return { is: 'done', attributes: { [statusCode]: name } }
  return { is: 'failed', error: undefined, attributes: { [statusCode]: name, 'error.type': name } }
}

const statusCode = 'rpc.response.status_code'

function about(path: string): LegStart['attributes'] {
  return { 'rpc.system.name': 'grpc', 'rpc.method': path.slice(1) }
}
