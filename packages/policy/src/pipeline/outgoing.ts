import type { Call } from './work.ts'

/** What a hook may do to a call: read it, and add to what is sent along with it. */
export type OutgoingHook = (call: Call & { readonly headers: Record<string, string> }) => void

const hooks: OutgoingHook[] = []

/**
 * Calls `hook` with each attempt of each pipeline in this process, before the work is called; the answer takes it away.
 *
 * What it puts into `call.headers` (a trace's identity, say) is what transports send. Free while there is no hook; what a hook throws is dropped.
 */
export function outgoing(hook: OutgoingHook): () => void {
  const own: OutgoingHook = (call) => hook(call)
  hooks.push(own)
  return () => {
    const at = hooks.indexOf(own)
    if (at !== -1) hooks.splice(at, 1)
  }
}

/** Lets every hook see a call. */
export function send(call: Call): void {
  for (let at = 0; at < hooks.length; at++) {
    try {
      hooks[at]!(call)
    } catch {
      // A hook adds to calls; it must not be able to break one.
    }
  }
}
