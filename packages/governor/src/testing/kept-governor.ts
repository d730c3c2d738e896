import type { ServiceLine } from '../child.ts'
import type { Governor } from '../governor.ts'
import type { GovernorEvent } from '../governor-event.ts'
import { type ProcessGovernorOptions, processGovernor } from '../process-governor.ts'
import type { ServiceSpec } from '../service.ts'
import { childCommand } from './child-command.ts'

/** Short waits. */
export const quick = { stopGrace: 100, backoff: { initial: 5, max: 20 }, stableAfter: 0 }
/** A real process that says `up` and is ready then. */
export const spec = (name: string, more: Partial<ServiceSpec> = {}): ServiceSpec => ({
  name,
  command: childCommand({ say: ['up'] }),
  ready: { line: 'up' },
  ...quick,
  ...more,
})

/** A governor that `stopKept` ends, all that it said, and a way to wait for more. */
export const kept = (services: ServiceSpec[], more: Partial<ProcessGovernorOptions> = {}) => {
  const events: GovernorEvent[] = []
  const lines: ServiceLine[] = []
  const waiting = new Set<() => void>()
  const wake = () => {
    for (const each of [...waiting]) each()
  }
  const g = processGovernor({
    services,
    log: (line) => {
      lines.push(line)
      wake()
    },
    ...more,
  })
  g.on((event) => {
    events.push(event)
    wake()
  })
  governors.push(g)
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
  const event = <T extends GovernorEvent['type']>(type: T, nth = 1) =>
    until(
      () => events.filter((each) => each.type === type)[nth - 1] as (GovernorEvent & { type: T }) | undefined,
    )
  const line = (pattern: RegExp) =>
    until(() => lines.map(({ line }) => pattern.exec(line)).find((match) => match !== null) ?? undefined)
  const of = (name: string) => g.status().find((each) => each.name === name)!
  return { g, events, lines, event, line, of }
}

const governors: Governor[] = []

/** Stops what `kept` made; to be called after each test. */
export const stopKept = async (): Promise<void> => {
  await Promise.all(governors.splice(0).map((g) => g.stop()))
}
