import { wrap } from '@holdfast/policy'
import type { PostgresUpstream } from '../config/upstream.ts'
import { hostOf } from '../host-of.ts'
import type { WireModules } from '../wire-modules.ts'
import type { UpstreamCheck } from './upstream-check.ts'

/**
 * Asks a database for `SELECT 1`, over one connection that is kept. It is degraded while its first server is away and another answers, and where the one
 * that answers only lets data be read.
 */
export function postgresCheck(
  { url, replica }: PostgresUpstream,
  { postgres }: NonNullable<WireModules['postgres']>,
): UpstreamCheck {
  const database = postgres({
    url,
    name: 'holdfast health',
    pipeline: wrap(),
    connections: { max: 1 },
    connectTimeout,
    validateAfter: 0,
    ...(replica !== undefined && { fallbackHosts: [hostOf(replica)] }),
  })
  return {
    async ask() {
      const answer = await database.check()
      const [first] = database.status().servers
      if (answer.status !== 'healthy' || !first!.away) return answer
      return {
        ...answer,
        status: 'degraded',
        reason: `${first!.address} is away, and another server answers`,
      }
    },
    close: () => database.close({ drain: 0 }),
  }
}

/** So short that a fallback can still be asked in the same check, in ms. */
const connectTimeout = 900
