import { Client } from '@grpc/grpc-js'
import { connectionOptions, usualReconnect } from './channel-options.ts'
import { healthService } from './health-messages.ts'
import { type ClientTls, clientCredentials, nameOptions } from './tls.ts'

export interface GrpcHealthProbeOptions {
  /** Which service is meant; left out, the server as a whole. */
  readonly service?: string
  readonly tls?: ClientTls | boolean
  /** How long the answer may take, in ms: 2,000 unless it is said. */
  readonly within?: number
}

/**
 * A question to `grpc.health.v1.Health` at an address (`127.0.0.1:50051`), to be asked as often as one likes: whether it says SERVING.
 *
 * Whatever else it says, no answer in time included, is no; it never rejects. Each question has a connection of its own, which is gone when it is
 * answered, or when `signal` aborts.
 */
export function grpcHealthProbe(
  address: string,
  { service = '', tls, within = 2_000 }: GrpcHealthProbeOptions = {},
): (signal?: AbortSignal) => Promise<boolean> {
  const credentials = clientCredentials(tls)
  const channelOptions = { ...connectionOptions(usualReconnect), ...nameOptions(tls) }
  const { path, requestSerialize, responseDeserialize } = healthService.Check
  return (signal) =>
    new Promise((resolve) => {
      const client = new Client(address, credentials, channelOptions)
      const options = { deadline: Date.now() + within }
      const call = client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        { service },
        options,
        (_, answer) => {
          signal?.removeEventListener('abort', leave)
          client.close()
          resolve(answer === 'SERVING')
        },
      )
      const leave = () => call.cancel()
      if (signal?.aborted) leave()
      else signal?.addEventListener('abort', leave)
    })
}
