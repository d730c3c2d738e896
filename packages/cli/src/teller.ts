import type { GovernorEvent, ServiceLine } from '@holdfast/runtime'
import type { Paint } from './paint.ts'

export interface TellerOptions {
  /** One JSON object a line instead of words. */
  readonly json: boolean
  readonly paint: Paint
  readonly say: (line: string) => void
}

/** Tells what happens, a line each: for people, or for machines. */
export interface Teller {
  /** What a service wrote. */
  line(line: ServiceLine): void
  /** What happened to a service. */
  event(event: GovernorEvent): void
  note(type: string, message: string): void
}

export function teller({ json, paint, say }: TellerOptions): Teller {
  if (json) {
    const tell = (fact: object): void => say(JSON.stringify({ time: new Date().toISOString(), ...fact }))
    return {
      line: ({ service, stream, line }) => tell({ type: 'service.wrote', service, stream, line }),
      event: tell,
      note: (type, message) => tell({ type, message }),
    }
  }
  const tell = (who: string, words: string): void => say(`${paint.dim(`${who} |`)} ${words}`)
  return {
    line: ({ service, line }) => tell(service, line),
    event(event) {
      const words = worded(event)
      if (words === undefined) return
      tell('holdfast', bad.has(event.type) ? paint.red(words) : words)
    },
    note: (_, message) => tell('holdfast', message),
  }
}

const bad: ReadonlySet<GovernorEvent['type']> = new Set(['service.exited', 'service.failed', 'record.failed'])

function worded(event: GovernorEvent): string | undefined {
  switch (event.type) {
    case 'service.started':
      return undefined
    case 'service.ready':
      return `${event.service} is ready after ${Math.round(event.after)} ms`
    case 'service.exited':
      return `${event.service} ended (${event.signal ?? `exit code ${event.code}`}) after ${seconds(event.after)}`
    case 'service.restarting': {
      const when = event.delay > 0 ? `in ${Math.round(event.delay)} ms` : 'at once'
      const which = event.attempt > 1 ? `, restart ${event.attempt} in a row` : ''
      return `${event.service} starts again ${when}${which}`
    }
    case 'service.stopped':
      return `${event.service} has stopped`
    case 'service.failed':
      return `${event.service} failed: ${event.why}`
    case 'record.failed':
      return `what runs cannot be written down (${event.why}): after a kill -9, processes may be left behind`
  }
}

function seconds(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 1_000)} s`
}
