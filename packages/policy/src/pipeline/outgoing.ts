import { tell } from '../events.ts'
import type { Call } from './work.ts'

/** What a hook may do to a call: read it, and add to what is sent along with it. */
export type OutgoingHook = (call: Call & { readonly headers: Record<string, string> }) => void

let hooks: readonly OutgoingHook[] = []

/**
 * Calls `hook` with each attempt of each pipeline in this process, before the work is called; the answer takes it away.
 *
 * What it puts into `call.headers` (a trace's identity, say) is what transports send. Free while there is no hook; what a hook throws or rejects with
 * is dropped.
 */
export function outgoing(hook: OutgoingHook): () => void {
  const own: OutgoingHook = (call) => hook(call)
  hooks = [...hooks, own]
  return () => {
    hooks = hooks.filter((each) => each !== own)
  }
}

/** Lets every hook see a call. */
export function send(call: Call): void {
  const all = hooks
  for (let at = 0; at < all.length; at++) tell(all[at]!, call)
}
