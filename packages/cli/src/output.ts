import { type Clock, systemClock } from '@holdfast/policy'

/** The part of a stream that `output` writes to. */
export interface Outlet {
  write(text: string, done: (error?: Error | null) => void): unknown
  on(event: 'error', listener: () => void): unknown
}

export interface OutputOptions {
  readonly to: Outlet
  /** What to say, with its newline, of lines that could not be told. */
  readonly lost: (count: number) => string
  readonly clock?: Clock
  /** How long a reader may take nothing before lines are dropped, in ms; 2 s when not given. */
  readonly patience?: number
  /** Characters that may wait before writers are asked to; 1 Mi when not given. */
  readonly full?: number
}

/** Writes to somebody who may be slow, stop reading, or leave. */
export interface Output {
  /** Takes a text of whole lines. A promise that it answers with asks the writer for a pause until it resolves; it never rejects. */
  say(text: string): Promise<void> | undefined
  /** Resolves with true when everything is out, or with false when the reader takes no more. */
  flushed(): Promise<boolean>
}

/** How things are between the writers and the reader. */
type Flow =
  | { readonly is: 'free' }
  /** Writers are asked to pause. */
  | { readonly is: 'held'; readonly room: Promise<void>; readonly open: () => void }
  | { readonly is: 'losing'; lines: number }
  /** The reader has left. */
  | { readonly is: 'over' }

/** What is handed over at once: enough to be cheap, and little enough to see a slow reader get on. */
const piece = 65_536

/*
 * I1  What comes out is in the order in which it came in, and nothing is missing while the reader takes a piece within `patience`.
 * I2  Little more than `full` characters wait if writers pause when they are asked to; never more than 8 times as many.
 * I3  Nobody is asked to pause for longer than it takes the reader to make room, or to take nothing for `patience`: then lines are dropped.
 * I4  Where lines are missing, `lost` says how many, as soon as there is room.
 * I5  A reader that leaves (`| head`) costs the writers nothing.
 */
/** Hands texts over in pieces, as fast as the reader takes them. */
export function output(options: OutputOptions): Output {
  const { to, lost, clock = systemClock, patience = 2_000, full = 262_144 } = options
  const pieces: string[] = []
  const leaving = new Set<(out: boolean) => void>()
  let flow: Flow = { is: 'free' }
  let waiting = 0
  let writing = false
  let stuck = false
  let forget = (): void => {}

  const become = (next: Flow): void => {
    const before = flow
    flow = next
    if (before.is === 'held') before.open()
  }
  const left = (out: boolean): void => {
    for (const resolve of leaving) resolve(out)
    leaving.clear()
  }
  const over = (): void => {
    forget()
    pieces.length = waiting = 0
    become({ is: 'over' })
    left(false)
  }
  const add = (text: string): void => {
    waiting += text.length
    const last = pieces.length - 1
    if (last >= 0 && pieces[last]!.length < piece) pieces[last] += text
    else pieces.push(text)
    if (writing) return
    writing = true
    // What comes in the same turn goes out in the same write.
    queueMicrotask(hand)
  }
  const hand = (): void => {
    const next = pieces.shift()
    if (next === undefined) {
      writing = false
      return left(true)
    }
    forget = clock.after(patience, () => {
      stuck = true
      if (flow.is === 'held') become({ is: 'losing', lines: 0 })
      left(false)
    })
    to.write(next, (error) => {
      if (flow.is === 'over') return
      if (error) return over()
      forget()
      stuck = false
      waiting -= next.length
      if (waiting <= full / 2) relieved()
      hand()
    })
  }
  const relieved = (): void => {
    const count = flow.is === 'losing' ? flow.lines : 0
    if (flow.is !== 'free') become({ is: 'free' })
    if (count > 0) add(lost(count))
  }

  to.on('error', over)
  return {
    say(text) {
      if (flow.is === 'over') return undefined
      if (flow.is === 'losing') return void flow.lines++
      if (waiting > (stuck ? full : 8 * full)) return void become({ is: 'losing', lines: 1 })
      add(text)
      if (flow.is === 'free' && waiting > full && !stuck) {
        let open = (): void => {}
        const room = new Promise<void>((resolve) => {
          open = resolve
        })
        flow = { is: 'held', room, open }
      }
      return flow.is === 'held' ? flow.room : undefined
    },
    flushed: () =>
      new Promise((resolve) => {
        if (flow.is === 'over' || stuck) resolve(false)
        else if (!writing) resolve(true)
        else leaving.add(resolve)
      }),
  }
}
