import { demand } from '@holdfast/policy'

/** How grpc-js itself tries a stream again that has not answered yet; it keeps what was sent, and sends it again. Durations in ms. */
export type StreamRetries = {
  /** In all, the first included: 2 to 5. */
  readonly attempts: number
  /** Never more than one failed attempt for `1 / tokenRatio` that succeed: gRPC's own budget of retries (A6), for all streams of the client. */
  readonly maxTokens?: number
  readonly tokenRatio?: number
} & (
  | {
      readonly is: 'retry'
      /** The wait before the second attempt, and the longest; 1.6 times as long each time, 20 % more or less. */
      readonly backoff: { readonly initial: number; readonly max: number }
    }
  | {
      readonly is: 'hedge'
      /** After how long without an answer the next attempt is made beside those under way. */
      readonly after: number
    }
)

/** Which methods of which service, and how. */
export interface RetriedMethods {
  readonly service: string
  readonly methods: readonly string[]
  readonly retries: StreamRetries
}

/**
 * gRPC's service config (A6) that has streams tried again, as JSON for `grpc.service_config`.
 *
 * Only what certainly was not done, or may be done twice, belongs here: gRPC cannot tell whether a stream that ended with `UNAVAILABLE` was handled.
 */
export function serviceConfig({ service, methods, retries }: RetriedMethods): string {
  const { attempts, maxTokens = 10, tokenRatio = 0.1 } = retries
  const whole = Number.isInteger(attempts) && attempts >= 2 && attempts <= 5
  demand(whole, 'streamRetries.attempts', attempts, 'a whole number from 2 to 5')
  const throttled = maxTokens > 0 && maxTokens <= 1_000 && tokenRatio > 0
  demand(throttled, 'streamRetries.maxTokens', maxTokens, 'above 0, at most 1000, with a tokenRatio above 0')
  return JSON.stringify({
    methodConfig: [{ name: methods.map((method) => ({ service, method })), ...policyOf(retries) }],
    retryThrottling: { maxTokens, tokenRatio },
  })
}

function policyOf(retries: StreamRetries): object {
  const codes = ['UNAVAILABLE']
  if (retries.is === 'hedge') {
    const hedgingDelay = seconds('streamRetries.after', retries.after)
    return { hedgingPolicy: { maxAttempts: retries.attempts, hedgingDelay, nonFatalStatusCodes: codes } }
  }
  const { initial, max } = retries.backoff
  return {
    retryPolicy: {
      maxAttempts: retries.attempts,
      initialBackoff: seconds('streamRetries.backoff.initial', initial),
      maxBackoff: seconds('streamRetries.backoff.max', max),
      backoffMultiplier: 1.6,
      retryableStatusCodes: codes,
    },
  }
}

/**
 * A duration as protobuf's JSON has it, always with nine digits: grpc-js takes the digits of a fraction for nanoseconds, so that to it "0.1s" is one.
 */
function seconds(option: string, ms: number): string {
  demand(ms >= 0 && ms < 1e12, option, ms, 'a number of ms')
  return `${(ms / 1_000).toFixed(9)}s`
}
