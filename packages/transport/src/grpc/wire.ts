import type { Client } from '@grpc/grpc-js'
import type { Pipeline } from '@holdfast/policy'
import type { GrpcRefusal } from './grpc-failure.ts'
import type { GrpcMetadata } from './grpc-method.ts'
import type { Outgoing } from './outgoing.ts'

/** What all calls of one client have in common. */
export interface Wire {
  readonly address: string
  readonly client: Client
  readonly metadata: GrpcMetadata | undefined
  readonly waitForReady: boolean
  /** Attempts that have not ended. */
  readonly underWay: Set<Outgoing>
  /** Why no call may be made now; nothing, if one may. */
  refusal(): GrpcRefusal | undefined
}

/** One method of a client. */
export interface WireMethod {
  readonly path: string
  readonly idempotent: boolean
  readonly pipeline: Pipeline
}
