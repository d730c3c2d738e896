import { tell } from '../events.ts'

/** What a leg says of itself, by the names that OpenTelemetry's semantic conventions have for it: names, numbers and codes, never a secret. */
export type LegAttributes = Readonly<Record<string, string | number | boolean>>

/** One leg of a call over a wire: a client's attempt, or a server's handling of it. */
export interface LegStart {
  readonly kind: 'client' | 'server'
  readonly name: string
  readonly attributes: LegAttributes
}

/** What a leg came to. */
export type LegEnd =
  | { readonly is: 'done'; readonly attributes?: LegAttributes }
  /** `error.type` among the attributes says what kind of failure it is, where the wire has a word for it. */
  | { readonly is: 'failed'; readonly error: unknown; readonly attributes?: LegAttributes }

/** What goes along with one leg. */
export interface LegCompanion {
  /** Runs some of the leg, in whatever should stand around it: at once, and once. */
  readonly around: (part: () => void) => void
  readonly ended: (end: LegEnd) => void
}

/** Answers with what goes along with a leg that begins, if anything does. */
export type LegHook = (start: LegStart) => LegCompanion | undefined

/** A leg that something goes along with. */
export interface Leg {
  /** Does some of the leg, as often as there is some: what is sent and called inside belongs to the leg. Answers, or throws, as `part` does. */
  run<R>(part: () => R): R
  /** Says what it came to; the first word counts. */
  end(end: LegEnd): void
}

let hooks: readonly LegHook[] = []

/**
 * Has `hook` go along with every leg of every wire in this process; the answer takes it away. Those that came first are the outermost.
 *
 * It cannot break a leg: what it throws is dropped, and what it does not run is run without it.
 */
export function legs(hook: LegHook): () => void {
  const own: LegHook = (start) => hook(start)
  hooks = [...hooks, own]
  return () => {
    hooks = hooks.filter((each) => each !== own)
  }
}

/** Begins a leg: `undefined` if nothing goes along with it, and then `describe` is not called where nobody would be told. */
export function leg(describe: () => LegStart): Leg | undefined {
  if (hooks.length === 0) return undefined
  const start = describe()
  const companions = hooks.flatMap((hook) => begun(hook, start) ?? [])
  return companions.length === 0 ? undefined : accompaniedLeg(companions)
}

function begun(hook: LegHook, start: LegStart): LegCompanion | undefined {
  try {
    return hook(start)
  } catch {
    return undefined
  }
}

function accompaniedLeg(companions: readonly LegCompanion[]): Leg {
  let open = true
  return {
    run: (part) =>
      companions.reduceRight(
        (inner, { around }) =>
          () =>
            inside(around, inner),
        part,
      )(),
    end(end) {
      if (open) for (const { ended } of companions) tell(ended, end)
      open = false
    },
  }
}

function inside<R>(around: LegCompanion['around'], part: () => R): R {
  let answer: (() => R) | undefined
  const once = (): void => {
    answer ??= settled(part)
  }
  try {
    around(once)
  } catch {
    // Its own mistake: `once` does not throw.
  }
  once()
  return answer!()
}

function settled<R>(part: () => R): () => R {
  try {
    const value = part()
    return () => value
  } catch (error) {
    return () => {
      throw error
    }
  }
}
