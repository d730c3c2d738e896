import { readFileSync } from 'node:fs'
import type { GrpcUpstream } from '../config/upstream.ts'
import type { WireModules } from '../wire-modules.ts'
import { patience, type UpstreamCheck } from './upstream-check.ts'

/** Whether a gRPC server says that it serves; one that has no health service is well if it answers at all. */
export function grpcCheck(
  { address, tls, ca }: GrpcUpstream,
  { grpcHealthQuestion }: NonNullable<WireModules['grpc']>,
): UpstreamCheck {
  // The edge is started in the folder of the file.
  const secured = ca === undefined ? tls : { ca: readFileSync(ca) }
  const question = grpcHealthQuestion(address, { tls: secured, within: patience })
  return {
    async ask(signal) {
      const answer = await question(signal)
      if (answer.is === 'away') throw new Error(`no answer from ${address}: ${answer.why}`)
      if (answer.is === 'told' && answer.status !== 'SERVING')
        throw new Error(`${address} says ${answer.status}`)
      return undefined
    },
    close: async () => {},
  }
}
