import { tell } from '../events.ts'
import type { Call } from './work.ts'

/** What a hook may do to a call: read it, and add to what is sent along with it. */
export type OutgoingHook = (call: Call & { readonly headers: Record<string, string> }) => void

let hooks: readonly OutgoingHook[] = []

/**
 * Calls `hook` when `call.headers` of an attempt of any pipeline in this process are first read; the answer takes it away.
 *
 * What it puts into `call.headers` (a trace's identity, say) is what transports send. A call of which nobody reads the headers does not ask it; what it
 * throws or rejects with is dropped.
 */
export function outgoing(hook: OutgoingHook): () => void {
  const own: OutgoingHook = (call) => hook(call)
  hooks = [...hooks, own]
  return () => {
    hooks = hooks.filter((each) => each !== own)
  }
}

/** Lets every hook add to the headers of a call. */
export function send(call: Call): void {
  for (const hook of hooks) tell(hook, call)
}
