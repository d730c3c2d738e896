import { tell } from '../events.ts'
import type { Call } from './work.ts'

/** What goes along with the calls of a process. */
export interface Escort {
  /**
   * Does a call through the policy of that name: it runs `call`, in whatever should stand around it, and answers with the promise it was given.
   *
   * The promise is of what the work answers with, or, with `attempt` of a policy, of an `Outcome`, which tells a failure by its value. A call is done
   * once, however often it is run, and is done without an escort that throws.
   */
  readonly around: <R>(policy: string, call: () => Promise<R>, answers: 'value' | 'outcome') => Promise<R>
  /** Sees an attempt of any pipeline before its work is called. What it throws is dropped. */
  readonly attempt: (call: Call) => void
}

let escorts: readonly Escort[] = []

/** Has `by` go along with every call in this process; the answer takes it away. Those that came first are the outermost. Free while there is none. */
export function escort(by: Escort): () => void {
  const { around, attempt } = by
  const own: Escort = { around, attempt }
  escorts = [...escorts, own]
  return () => {
    escorts = escorts.filter((each) => each !== own)
  }
}

/** Does a call through the policy of that name, in everything that goes along with it. */
export function accompanied<R>(
  policy: string,
  call: () => Promise<R>,
  answers: 'value' | 'outcome',
): Promise<R> {
  let all = call
  for (let at = escorts.length - 1; at >= 0; at--) {
    const { around } = escorts[at]!
    const inner = all
    all = () => {
      let done: Promise<R> | undefined
      const once = () => (done ??= inner())
      try {
        return around(policy, once, answers)
      } catch {
        return once()
      }
    }
  }
  return all()
}

/** Whether anything goes along; ask before making a function of a call. */
export function isEscorted(): boolean {
  return escorts.length > 0
}

/** Shows an attempt to all that go along with it. */
export function show(call: Call): void {
  const all = escorts
  for (let at = 0; at < all.length; at++) tell(all[at]!.attempt, call)
}
