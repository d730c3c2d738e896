// The two services of shop.proto, as proto-loader reads them; ai.py reads the same file.
import type { StatusObject, sendUnaryData } from '@grpc/grpc-js'
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader'
import { statusOf, type UnaryCall } from '@holdfast/transport/grpc'

export interface Order {
  readonly id: number
  readonly customer: string
  readonly item: string
  readonly parcel: string
  /** Nothing where nobody could say. */
  readonly inStock?: number
}

export interface KernelCalls {
  readonly findOrder: UnaryCall<{ readonly id: number }, Order>
}

export interface AiCalls {
  readonly answer: UnaryCall<{ readonly order: Order; readonly tracking: string }, { readonly text: string }>
}

const definition = loadSync(`${import.meta.dirname}/shop.proto`)
export const Kernel = definition['shop.Kernel'] as ServiceDefinition
export const Ai = definition['shop.Ai'] as ServiceDefinition

/** A function as a handler of grpc-js: what it throws is a status, or becomes one. */
export function handler<Q, A>(work: (request: Q) => A | Promise<A>) {
  return async ({ request }: { readonly request: Q }, answer: sendUnaryData<A>): Promise<void> => {
    try {
      answer(null, await work(request))
    } catch (error) {
      answer(isStatus(error) ? error : statusOf(error))
    }
  }
}

function isStatus(error: unknown): error is Partial<StatusObject> {
  return typeof Object(error).details === 'string'
}
