import { type ClientReadableStream, type ServiceError, type StatusObject, status } from '@grpc/grpc-js'
import type { Call } from '@holdfast/policy'
import { onLeg } from '../on-leg.ts'
import type {
  BidiStreamCall,
  ClientStreamCall,
  GrpcCallOptions,
  GrpcMethod,
  ServerStreamCall,
} from './grpc-method.ts'
import { Outgoing, policyOptions } from './outgoing.ts'
import { pump } from './pump.ts'
import { clientLeg } from './rpc-leg.ts'
import type { Wire, WireMethod } from './wire.ts'

/*
 * S1  A stream is one piece of work to its pipeline, which ends when its status is there: it counts once, and is never sent twice.
 * S2  Its answers end without an error only if its status is OK.
 * S3  Who leaves the answers cancels the stream; that is no failure.
 */

/** A method of one request and many answers, as a function. */
export function serverStreamCall(
  wire: Wire,
  method: WireMethod,
  definition: GrpcMethod,
): ServerStreamCall<unknown, unknown> {
  const { path, requestSerialize, responseDeserialize } = definition
  return (request, options = {}) =>
    answers({ wire, method, options }, (outgoing) => ({
      surface: outgoing.begin(() =>
        wire.client.makeServerStreamRequest(
          path,
          requestSerialize,
          responseDeserialize,
          request,
          outgoing.metadata,
        ),
      ),
    }))
}

/** A method of many requests and many answers, as a function. */
export function bidiStreamCall(
  wire: Wire,
  method: WireMethod,
  definition: GrpcMethod,
): BidiStreamCall<unknown, unknown> {
  const { path, requestSerialize, responseDeserialize } = definition
  return (requests, options = {}) =>
    answers({ wire, method, options }, (outgoing, failed) => {
      const surface = outgoing.begin(() =>
        wire.client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, outgoing.metadata),
      )
      return { surface, stop: pump(requests, surface, failed) }
    })
}

/** A method of many requests and one answer, as a function. */
export function clientStreamCall(
  wire: Wire,
  method: WireMethod,
  definition: GrpcMethod,
): ClientStreamCall<unknown, unknown> {
  const { path, requestSerialize, responseDeserialize } = definition
  return (requests, options = {}) => {
    const work = (call: Call) =>
      new Promise<unknown>((resolve, reject) => {
        const outgoing = new Outgoing({ wire, method, options, once: undefined }, call)
        const answered = (error: ServiceError | null, answer?: unknown) => {
          outgoing.over()
          stop()
          if (error === null) resolve(answer)
          else outgoing.fail(error, reject)
        }
        const { client } = wire
        const surface = outgoing.begin(() =>
          client.makeClientStreamRequest(
            path,
            requestSerialize,
            responseDeserialize,
            outgoing.metadata,
            answered,
          ),
        )
        const stop = pump(requests, surface, (error) => {
          reject(error)
          surface.cancel()
        })
      })
    return method.pipeline(
      once((call) => onLeg(clientLeg(wire, method), () => work(call))),
      policyOptions(method, options),
    )
  }
}

interface AskedStream {
  readonly wire: Wire
  readonly method: WireMethod
  readonly options: GrpcCallOptions
}

/** A stream of grpc-js that was begun, and what stops its requests. */
interface Begun {
  readonly surface: ClientReadableStream<unknown>
  readonly stop?: () => void
}

type Begin = (outgoing: Outgoing, failed: (error: unknown) => void) => Begun

async function* answers(
  { wire, method, options }: AskedStream,
  begin: Begin,
): AsyncGenerator<unknown, void, void> {
  const opened = Promise.withResolvers<ClientReadableStream<unknown> | undefined>()
  let leave = () => {}
  const work = (call: Call) =>
    new Promise<void>((resolve, reject) => {
      const outgoing = new Outgoing({ wire, method, options, once: undefined }, call)
      const { surface, stop } = begin(outgoing, (error) => {
        reject(error)
        surface.cancel()
      })
      // It comes behind every end; what a stream that is left also says is nobody's.
      surface.on('error', () => {})
      surface.on('status', (told: StatusObject) => {
        leave = () => {}
        outgoing.over()
        stop?.()
        if (told.code === status.OK) resolve()
        else outgoing.fail(told, reject)
      })
      leave = () => {
        resolve()
        surface.cancel()
      }
      opened.resolve(surface)
    })
  const whole = method.pipeline(
    once((call) => onLeg(clientLeg(wire, method), () => work(call))),
    policyOptions(method, options),
  )
  whole.then(() => opened.resolve(undefined), opened.reject)
  opened.promise.catch(() => undefined)
  try {
    const surface = await opened.promise
    if (surface !== undefined) for await (const message of surface) yield message
  } catch (error) {
    leave()
    await whole
    throw error
  } finally {
    leave()
  }
  await whole
}

/** What is called again answers with what it answered first: a stream cannot be sent twice. */
function once<T>(work: (call: Call) => T | PromiseLike<T>): (call: Call) => T | PromiseLike<T> {
  let first: T | PromiseLike<T> | undefined
  return (call) => {
    first ??= work(call)
    return first
  }
}
