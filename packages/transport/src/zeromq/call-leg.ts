import type { LegStart } from '@holdfast/policy'
import { type LegWords, serverOf } from '../on-leg.ts'

/** One way of a call, as OpenTelemetry's conventions for remote calls (release candidate) have it; `address` is the one that a client asks. */
export function callLeg(method: string, address?: string): LegWords<unknown> {
  const kind: LegStart['kind'] = address === undefined ? 'server' : 'client'
  const about = { 'rpc.system.name': 'zeromq', 'rpc.method': method }
  return {
    start: () => ({ kind, name: method, attributes: { ...about, ...(address && serverOf(address)) } }),
  }
}
