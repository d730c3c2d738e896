import type { MethodDefinition } from '@grpc/grpc-js'

/** How a service is, in the words of gRPC's health protocol. */
export type ServingStatus = 'UNKNOWN' | 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN'

/** Whose health is asked for; '' for the server's. */
export interface HealthQuestion {
  readonly service: string
}

const statuses: readonly ServingStatus[] = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']

/**
 * The service `grpc.health.v1.Health` (github.com/grpc/grpc-proto, health.proto): asked for the name of a service, or for nothing, which means the
 * server, it answers with its status. Both messages have one field, number 1.
 */
export const healthService = {
  Check: method('/grpc.health.v1.Health/Check', false),
  Watch: method('/grpc.health.v1.Health/Watch', true),
} as const

function method<S extends boolean>(path: string, responseStream: S) {
  return {
    path,
    requestStream: false,
    responseStream,
    requestSerialize: questionBytes,
    requestDeserialize: questionOf,
    responseSerialize: statusBytes,
    responseDeserialize: statusOf,
  } as const satisfies MethodDefinition<HealthQuestion, ServingStatus>
}

/** `service = 1`, a text; the empty one is left out. */
function questionBytes({ service }: HealthQuestion): Buffer {
  const text = Buffer.from(service)
  return text.length === 0 ? text : Buffer.concat([Buffer.of(0x0a), varint(text.length), text])
}

function questionOf(message: Buffer): HealthQuestion {
  if (message.length === 0) return { service: '' }
  let at = 1
  let size = 0
  for (let shift = 0, byte = 0x80; byte >= 0x80 && at < message.length; shift += 7) {
    byte = message[at++]!
    size += (byte & 0x7f) * 2 ** shift
  }
  if (message[0] !== 0x0a || at + size !== message.length)
    throw new Error('This is no HealthCheckRequest of grpc.health.v1.')
  return { service: message.toString('utf8', at) }
}

/** `status = 1`, a number; 0 is left out. */
function statusBytes(status: ServingStatus): Buffer {
  const number = statuses.indexOf(status)
  return number === 0 ? Buffer.alloc(0) : Buffer.of(0x08, number)
}

function statusOf(message: Buffer): ServingStatus {
  return (message[0] === 0x08 ? statuses[message[1] ?? 0] : undefined) ?? 'UNKNOWN'
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80)
  return Buffer.of(...bytes, rest)
}
