import { Metadata, type ServiceError, status } from '@grpc/grpc-js'
import { describe, expect, it } from 'vitest'
import { GrpcFailure } from './grpc-failure.ts'

const attempted = { method: '/kernel.Kernel/Ask', address: '127.0.0.1:50051', idempotent: false, sent: true }
const told = (code: status, details = '', trailers: Record<string, string | Buffer> = {}): ServiceError => {
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(trailers)) metadata.set(name, value)
  return Object.assign(new Error(details), { code, details, metadata })
}

describe('GrpcFailure', () => {
  it.each([
    ['UNKNOWN', 'transient'],
    ['INVALID_ARGUMENT', 'permanent'],
    ['DEADLINE_EXCEEDED', 'timeout'],
    ['NOT_FOUND', 'permanent'],
    ['ALREADY_EXISTS', 'permanent'],
    ['PERMISSION_DENIED', 'permanent'],
    ['RESOURCE_EXHAUSTED', 'throttled'],
    ['FAILED_PRECONDITION', 'permanent'],
    ['ABORTED', 'transient'],
    ['OUT_OF_RANGE', 'permanent'],
    ['UNIMPLEMENTED', 'permanent'],
    ['INTERNAL', 'transient'],
    ['UNAVAILABLE', 'transient'],
    ['DATA_LOSS', 'permanent'],
    ['UNAUTHENTICATED', 'permanent'],
    ['CANCELLED', 'broken'],
  ] as const)('takes %s of the other side for %s', (name, meaning) => {
    const failure = new GrpcFailure(attempted, told(status[name]))

    expect([failure.class, failure.grpcStatus]).toEqual([meaning, name])
  })

  it.each([
    [status.UNAVAILABLE, 'Connection dropped', 'broken'],
    [status.UNAVAILABLE, 'read ECONNRESET', 'broken'],
    [status.UNAVAILABLE, 'Stream refused by server', 'unsent'],
    [status.INTERNAL, 'Received RST_STREAM with code 2 (Internal server error)', 'broken'],
    [status.INTERNAL, 'Request message serialization failure: no such field', 'permanent'],
    [status.INTERNAL, 'Response message parsing error: index out of range', 'permanent'],
    [status.RESOURCE_EXHAUSTED, 'Received message larger than max (5000000 vs 4194304)', 'permanent'],
    [status.RESOURCE_EXHAUSTED, 'Attempted to send message with a size larger than 10', 'permanent'],
    [99, 'a status nobody knows', 'transient'],
  ])('takes %i with "%s", which happened on our side, for what it is: %s', (code, details, meaning) => {
    expect(new GrpcFailure(attempted, told(code, details)).class).toBe(meaning)
  })

  it.each([
    [
      'No connection established. Last error: connect ECONNREFUSED 127.0.0.1:1 (2026). Resolution note: ',
      'unsent',
    ],
    ['Name resolution failed for target dns:nowhere.invalid:1', 'unsent'],
    [
      'No connection established. Last error: self-signed certificate in certificate chain (2026)',
      'permanent',
    ],
    ['No connection established. Last error: unable to verify the first certificate (2026)', 'permanent'],
    [
      "No connection established. Last error: Hostname/IP does not match certificate's altnames: x",
      'permanent',
    ],
  ])('takes "%s" before anything was sent for %s', (details, meaning) => {
    expect(new GrpcFailure({ ...attempted, sent: false }, told(status.UNAVAILABLE, details)).class).toBe(
      meaning,
    )
  })

  it('says when to come back, as the pushback or the RetryInfo says', () => {
    const pushed = told(status.RESOURCE_EXHAUSTED, '', { 'grpc-retry-pushback-ms': '1500' })
    // google.rpc.Status { code: 8, details: [Any RetryInfo { retry_delay { seconds: 2, nanos: 500000000 } }] }
    const url = Buffer.from('type.googleapis.com/google.rpc.RetryInfo')
    const info = Buffer.from('0a080802108 0cab5ee01'.replace(' ', ''), 'hex')
    const any = Buffer.concat([Buffer.of(0x0a, url.length), url, Buffer.of(0x12, info.length), info])
    const details = Buffer.concat([Buffer.of(0x08, 8, 0x1a, any.length), any])
    const informed = told(status.UNAVAILABLE, '', { 'grpc-status-details-bin': details })
    const garbage = told(status.UNAVAILABLE, '', { 'grpc-status-details-bin': details.subarray(0, 30) })

    const waits = [pushed, informed, garbage].map((error) => new GrpcFailure(attempted, error).retryAfter)
    expect(waits).toEqual([1_500, 2_500, undefined])
  })

  it('is not worth another attempt where the other side says never, or the attempt cannot be made again', () => {
    const never = told(status.RESOURCE_EXHAUSTED, '', { 'grpc-retry-pushback-ms': '-1' })

    expect(new GrpcFailure(attempted, told(status.RESOURCE_EXHAUSTED)).retryable).toBe(true)
    expect(new GrpcFailure(attempted, never).retryable).toBe(false)
    expect(new GrpcFailure({ ...attempted, repeat: false }, told(status.RESOURCE_EXHAUSTED)).retryable).toBe(
      false,
    )
    expect(new GrpcFailure(attempted, told(status.UNAVAILABLE)).retryable).toBe(false)
    expect(new GrpcFailure({ ...attempted, idempotent: true }, told(status.UNAVAILABLE)).retryable).toBe(true)
  })

  it('says where and why, and nothing that the other side wrote', () => {
    const error = told(status.UNAVAILABLE, 'token s3cret is stale', { 'x-token': 's3cret' })
    const failure = new GrpcFailure(attempted, error)

    expect(failure.message).toBe('/kernel.Kernel/Ask on 127.0.0.1:50051 failed with UNAVAILABLE')
    expect(JSON.stringify(failure) + failure.stack).not.toContain('s3cret')
    expect([failure.details, failure.trailers.get('x-token')]).toEqual(['token s3cret is stale', ['s3cret']])
  })
})
