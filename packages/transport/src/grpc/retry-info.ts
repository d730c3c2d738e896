import type { Metadata } from '@grpc/grpc-js'

/** When the other side said to come back: ms from now, `never`, or nothing. */
export type ComeBack = number | 'never' | undefined

/**
 * What trailers say about coming back: `grpc-retry-pushback-ms` (gRPC A6: a negative one, or one that is no number, means never), or else the
 * `google.rpc.RetryInfo` in `grpc-status-details-bin`. What cannot be read is as if it were not there.
 */
export function comeBack(trailers: Metadata): ComeBack {
  const [pushback] = trailers.get('grpc-retry-pushback-ms')
  if (pushback !== undefined) return /^\d{1,12}$/.test(String(pushback)) ? Number(pushback) : 'never'
  const [details] = trailers.get('grpc-status-details-bin')
  return Buffer.isBuffer(details) ? retryDelay(details) : undefined
}

const retryInfo = 'type.googleapis.com/google.rpc.RetryInfo'

/** The delay in ms of the RetryInfo among the details (3) of a google.rpc.Status: an Any (1 type, 2 value) of RetryInfo (1 delay) of Duration (1 s, 2 ns). */
function retryDelay(status: Buffer): number | undefined {
  for (const any of fields(status, 3)) {
    if (String(fields(bytes(any), 1)[0]) !== retryInfo) continue
    const duration = bytes(fields(bytes(fields(bytes(any), 2)[0]), 1)[0])
    const [seconds = 0] = fields(duration, 1)
    const [nanos = 0] = fields(duration, 2)
    if (typeof seconds === 'number' && typeof nanos === 'number') return seconds * 1_000 + nanos / 1e6
  }
  return undefined
}

function bytes(value: Buffer | number | undefined): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0)
}

/** The values of one field of a message in the protobuf encoding; a message that breaks off ends there. */
function fields(message: Buffer, wanted: number): (Buffer | number)[] {
  const found: (Buffer | number)[] = []
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 0; at < message.length; shift += 7) {
      const byte = message[at++]!
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    return Number.NaN
  }
  while (at < message.length) {
    const tag = varint()
    const kind = tag % 8
    if (kind !== 0 && kind !== 2) return found
    const size = varint()
    if (Number.isNaN(size) || (kind === 2 && at + size > message.length)) return found
    const value = kind === 0 ? size : message.subarray(at, at + size)
    if (kind === 2) at += size
    if (Math.floor(tag / 8) === wanted) found.push(value)
  }
  return found
}
