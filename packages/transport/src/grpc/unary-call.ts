import type { ServiceError } from '@grpc/grpc-js'
import type { Call } from '@holdfast/policy'
import { onLeg } from '../on-leg.ts'
import { Once } from '../once.ts'
import type { GrpcMethod, UnaryCall } from './grpc-method.ts'
import { type Asked, Outgoing, policyOptions } from './outgoing.ts'
import { clientLeg } from './rpc-leg.ts'
import type { Wire, WireMethod } from './wire.ts'

/** A method of one request and one answer, as a function: each attempt of its pipeline is one call on the wire. */
export function unaryCall(
  wire: Wire,
  method: WireMethod,
  definition: GrpcMethod,
): UnaryCall<unknown, unknown> {
  const words = clientLeg(wire, method)
  return (request, options = {}) => {
    const { idempotent = method.idempotent } = options
    const asked = { wire, method, options, once: new Once(idempotent) }
    const attempt = (call: Call) => onLeg(words, () => sent(asked, definition, { request, call }))
    return method.pipeline(attempt, policyOptions(method, options))
  }
}

function sent(
  asked: Asked,
  { path, requestSerialize, responseDeserialize }: GrpcMethod,
  { request, call }: { readonly request: unknown; readonly call: Call },
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const outgoing = new Outgoing(asked, call)
    const answered = (error: ServiceError | null, answer?: unknown) => {
      outgoing.over()
      if (error === null) resolve(answer)
      else outgoing.fail(error, reject)
    }
    const { client } = asked.wire
    outgoing.begin(() =>
      client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        outgoing.metadata,
        answered,
      ),
    )
  })
}
