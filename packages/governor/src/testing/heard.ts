import type { ServiceLine } from '../child.ts'
import type { Governor } from '../governor.ts'
import type { GovernorEvent } from '../governor-event.ts'
import type { ServiceSpec } from '../service.ts'
import type { ServiceStatus } from '../service-status.ts'

/** A governor with all that it said so far, and ways to wait for more. */
export interface Heard<Spec> {
  readonly g: Governor<Spec>
  readonly events: readonly GovernorEvent[]
  readonly lines: readonly ServiceLine[]
  /** Resolves with the nth event of a type, past or to come. */
  event<T extends GovernorEvent['type']>(type: T, nth?: number): Promise<GovernorEvent & { type: T }>
  /** Resolves with the first line, past or to come, that matches. */
  line(pattern: RegExp): Promise<RegExpExecArray>
  /** The status of one service. */
  of(name: string): ServiceStatus
}

/** Listens to a governor that is made with this log. */
export const heard = <Spec = ServiceSpec>(
  make: (log: (line: ServiceLine) => void) => Governor<Spec>,
): Heard<Spec> => {
  const events: GovernorEvent[] = []
  const lines: ServiceLine[] = []
  const waiting = new Set<() => void>()
  const wake = () => {
    for (const each of [...waiting]) each()
  }
  const g = make((line) => {
    lines.push(line)
    wake()
  })
  g.on((event) => {
    events.push(event)
    wake()
  })
  const until = <T>(look: () => T | undefined) =>
    new Promise<T>((resolve) => {
      const each = () => {
        const found = look()
        if (found === undefined) return
        waiting.delete(each)
        resolve(found)
      }
      waiting.add(each)
      each()
    })
  return {
    g,
    events,
    lines,
    event: (type, nth = 1) =>
      until(
        () =>
          events.filter((each) => each.type === type)[nth - 1] as
            | (GovernorEvent & { type: typeof type })
            | undefined,
      ),
    line: (pattern) =>
      until(() => lines.map(({ line }) => pattern.exec(line)).find((match) => match !== null) ?? undefined),
    of: (name) => g.status().find((each) => each.name === name)!,
  }
}
