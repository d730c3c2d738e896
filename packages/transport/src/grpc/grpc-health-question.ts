import { Client } from '@grpc/grpc-js'
import { connectionOptions, usualReconnect } from './channel-options.ts'
import { healthService, type ServingStatus } from './health-messages.ts'
import { type ClientTls, clientCredentials, nameOptions } from './tls.ts'

export interface GrpcHealthQuestionOptions {
  /** Which service is meant; left out, the server as a whole. */
  readonly service?: string
  readonly tls?: ClientTls | boolean
  /** How long the answer may take, in ms: 2,000 unless it is said. */
  readonly within?: number
}

/**
 * What came of the question: what the health service says; `answered` by a server that has no such service, or keeps it to itself; or `away`, where no
 * server answered in time, and why.
 */
export type GrpcHealthAnswer =
  | { readonly is: 'told'; readonly status: ServingStatus }
  | { readonly is: 'answered' }
  | { readonly is: 'away'; readonly why: string }

/**
 * A question to `grpc.health.v1.Health` at an address (`127.0.0.1:50051`), to be asked as often as one likes; what it gives never rejects.
 *
 * Each question has a connection of its own, which is gone when it is answered, or when `signal` aborts.
 */
export function grpcHealthQuestion(
  address: string,
  { service = '', tls, within = 2_000 }: GrpcHealthQuestionOptions = {},
): (signal?: AbortSignal) => Promise<GrpcHealthAnswer> {
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
        (error, answer) => {
          signal?.removeEventListener('abort', leave)
          client.close()
          if (error === null) resolve({ is: 'told', status: answer ?? 'UNKNOWN' })
          else resolve(unanswered.has(error.code) ? { is: 'away', why: error.details } : { is: 'answered' })
        },
      )
      const leave = () => call.cancel()
      if (signal?.aborted) leave()
      else signal?.addEventListener('abort', leave)
    })
}

/** Statuses that there are without a server: CANCELLED, DEADLINE_EXCEEDED, UNAVAILABLE. */
const unanswered: ReadonlySet<number> = new Set([1, 4, 14])
