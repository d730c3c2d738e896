import { HoldfastError } from '@holdfast/policy'
import type { UpstreamConfig } from './config/upstream.ts'

/** The wires behind which a file has upstreams; what a file does not name need not be installed. */
export interface WireModules {
  readonly grpc: typeof import('@holdfast/transport/grpc') | undefined
  readonly zeromq: typeof import('@holdfast/transport/zeromq') | undefined
  readonly postgres: typeof import('@holdfast/transport/postgres') | undefined
}

/** Loads the wires of some upstreams. Rejects with a `WireMissingError` if one is not installed. */
export async function wireModules(upstreams: Readonly<Record<string, UpstreamConfig>>): Promise<WireModules> {
  const loaded = <T>(is: UpstreamConfig['is'], library: string, load: () => Promise<T>) => {
    const [first] = Object.entries(upstreams).filter(([, upstream]) => upstream.is === is)
    if (first === undefined) return undefined
    return load().catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ERR_MODULE_NOT_FOUND' ? new WireMissingError(first[0], library) : error
    })
  }
  const [grpc, zeromq, postgres] = await Promise.all([
    loaded('grpc', '@grpc/grpc-js', () => import('@holdfast/transport/grpc')),
    loaded('zeromq', 'zeromq', () => import('@holdfast/transport/zeromq')),
    loaded('postgres', 'pg', () => import('@holdfast/transport/postgres')),
  ])
  return { grpc, zeromq, postgres }
}

/** The library that an upstream is called with is not installed. */
export class WireMissingError extends HoldfastError {
  constructor(upstream: string, library: string) {
    super(
      'WIRE_MISSING',
      `the upstream '${upstream}' is called with ${library}, which is not installed`,
      'Install it beside holdfast with npm, or take the upstream out of the file.',
    )
  }
}
