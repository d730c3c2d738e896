import type { ChannelOptions } from '@grpc/grpc-js'
import { demand } from '@holdfast/policy'

/** When a connection that says nothing is asked whether it lives, in ms. */
export interface Keepalive {
  readonly every: number
  /** How long the answer may take before the connection counts as dead. */
  readonly within: number
}

/** Not much below a minute without asking who runs the other side: some servers end connections that ask too often (gRPC A8). */
export const usualKeepalive: Keepalive = { every: 60_000, within: 10_000 }

/** How long it waits before it connects again, in ms. */
export interface Reconnect {
  readonly initial: number
  readonly max: number
}

/** grpc-js by itself waits a second and more: so a server that was restarted is found again within a blink, and an attempt costs next to nothing. */
export const usualReconnect: Reconnect = { initial: 50, max: 50 }

/** Keepalive as both ends of grpc-js have it; none is asked while no call is under way. */
export function keepaliveOptions(keepalive: Keepalive | false): ChannelOptions {
  if (keepalive === false) return {}
  const { every, within } = keepalive
  demand(every >= 1_000, 'keepalive.every', every, 'a number of ms, at least 1000')
  demand(within > 0, 'keepalive.within', within, 'a number of ms above 0')
  return { 'grpc.keepalive_time_ms': every, 'grpc.keepalive_timeout_ms': within }
}

/** A connection of its own that is soon made again, and an address that is soon looked up again. */
export function connectionOptions({ initial, max }: Reconnect): ChannelOptions {
  demand(
    initial > 0 && max >= initial,
    'reconnect',
    initial,
    'ms above 0, and `max` at least as long as `initial`',
  )
  return {
    'grpc.initial_reconnect_backoff_ms': initial,
    'grpc.max_reconnect_backoff_ms': max,
    'grpc.dns_min_time_between_resolutions_ms': 1_000,
    'grpc.use_local_subchannel_pool': 1,
  }
}
