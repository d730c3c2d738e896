import { connect } from 'node:net'
import { TimeoutError } from '@holdfast/policy'
import { describe, expect, it } from 'vitest'
import {
  classOfError,
  classOfStatus,
  failureClasses,
  mayRepeat,
  retryAfterMs,
  WireFailure,
} from './failure.ts'

describe('WireFailure', () => {
  it('has the code of its class, unless a more exact one is known', () => {
    expect(new WireFailure({ class: 'throttled', message: 'no' }).code).toBe('WIRE_THROTTLED')
    expect(new WireFailure({ class: 'transient', message: 'no', code: 'CUT' }).code).toBe('CUT')
  })

  it('says what its class has one try, unless it is told better', () => {
    const hint = (own?: string) => new WireFailure({ class: 'permanent', message: 'no', hint: own }).hint

    expect([hint(), hint('Return.')]).toEqual([expect.stringContaining('sent again unchanged'), 'Return.'])
  })

  it('is not worth the same call again unless it says that the call is idempotent', () => {
    const retryable = (idempotent?: boolean) =>
      new WireFailure({ class: 'broken', message: 'no', idempotent }).retryable

    expect([retryable(), retryable(false), retryable(true)]).toEqual([false, false, true])
  })
})

describe('mayRepeat', () => {
  it.each([
    ['throttled', true, true],
    ['unsent', true, true],
    ['transient', true, false],
    ['broken', true, false],
    ['timeout', true, false],
    ['permanent', false, false],
    ['cancelled', false, false],
  ] as const)('after %s: idempotent %s, otherwise %s', (of, idempotent, otherwise) => {
    expect([mayRepeat(of, true), mayRepeat(of, false)]).toEqual([idempotent, otherwise])
    expect(failureClasses).toContain(of)
  })
})

describe('classOfStatus', () => {
  it.each([
    [400, 'permanent'],
    [401, 'permanent'],
    [404, 'permanent'],
    [408, 'transient'],
    [409, 'transient'],
    [422, 'permanent'],
    [425, 'transient'],
    [429, 'throttled'],
    [500, 'transient'],
    [501, 'permanent'],
    [502, 'transient'],
    [504, 'transient'],
    [505, 'permanent'],
    [529, 'transient'],
  ])('takes %i for %s', (status, of) => {
    expect(classOfStatus(status)).toBe(of)
  })
})

describe('classOfError', () => {
  const coded = (code: string, message = 'no'): Error => Object.assign(new Error(message), { code })
  const fetchFailed = (cause: unknown): TypeError => new TypeError('fetch failed', { cause })

  it.each([
    ['a refused connection', fetchFailed(coded('ECONNREFUSED')), 'unsent'],
    ['a name that is not resolved', fetchFailed(coded('ENOTFOUND')), 'unsent'],
    ['a connection that takes too long', fetchFailed(coded('UND_ERR_CONNECT_TIMEOUT')), 'unsent'],
    ['a connection that broke', fetchFailed(coded('ECONNRESET')), 'broken'],
    ['a socket without a sign of life', coded('ETIMEDOUT'), 'timeout'],
    ["a policy's time-out", new TimeoutError('timeout', 10), 'timeout'],
    ["a signal's time-out", new DOMException('late', 'TimeoutError'), 'timeout'],
    ['an abort', new DOMException('gone', 'AbortError'), 'cancelled'],
    ['a certificate that ran out', fetchFailed(coded('CERT_HAS_EXPIRED')), 'permanent'],
    ['a certificate that nobody vouches for', coded('SELF_SIGNED_CERT_IN_CHAIN'), 'permanent'],
    ['a peer that speaks no TLS', coded('ERR_SSL_WRONG_VERSION_NUMBER'), 'permanent'],
    ['an address that is none', coded('ERR_INVALID_URL'), 'permanent'],
    ['a failure that was classified', new Error('x', { cause: throttled() }), 'throttled'],
    ['anything else', 'a string', 'broken'],
  ])('takes %s for what it is', (_, error, of) => {
    expect(classOfError(error)).toBe(of)
  })

  it('looks through causes, and is not caught in a circle of them', () => {
    const error = new Error('round')
    error.cause = error

    expect(classOfError(error)).toBe('broken')
  })

  it('knows a refused connection by what a socket really says', async () => {
    const error = await new Promise((resolve) => connect(1, '127.0.0.1').once('error', resolve))

    expect(error).toMatchObject({ code: 'ECONNREFUSED' })
    expect(classOfError(error)).toBe('unsent')
  })

  function throttled(): WireFailure {
    return new WireFailure({ class: 'throttled', message: 'slower' })
  }
})

describe('retryAfterMs', () => {
  const now = Date.UTC(1994, 10, 6, 8, 49, 30)

  it.each([
    ['0', 0],
    ['2', 2_000],
    [' 120 ', 120_000],
    ['0.5', 500],
    ['9'.repeat(400), Number.MAX_SAFE_INTEGER],
  ])('reads %s as seconds', (header, ms) => {
    expect(retryAfterMs(header, now)).toBe(ms)
  })

  it.each(['Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994'])(
    'reads the date %s, wherever this is',
    (header) => {
      const { TZ } = process.env
      process.env['TZ'] = 'Asia/Tokyo'

      const ms = retryAfterMs(header, now)

      process.env['TZ'] = TZ ?? 'UTC'
      expect(ms).toBe(7_000)
    },
  )

  it('takes a date in the past for now', () => {
    expect(retryAfterMs('Sun, 06 Nov 1994 08:49:07 GMT', now)).toBe(0)
  })

  it.each([null, undefined, '', '-1', '1e3', 'soon', 'soon 5', 'Sunday 5', '1994-11-06T08:49:37Z'])(
    'makes nothing of %s',
    (header) => {
      expect(retryAfterMs(header, now)).toBeUndefined()
    },
  )
})
