export {
  type ChainStatus,
  type Gateway,
  type GatewayEvent,
  type GatewayOptions,
  type GatewayStatus,
  gateway,
  type LinkStatus,
} from './gateway.ts'
export type { LinkFailure, LinkFailureClass } from './journey.ts'
export type { Rule } from './rules.ts'
export { bounds as durationBounds, type ChainCounts } from './tally.ts'
export type { UpstreamOptions, UpstreamPolicy } from './upstream.ts'
