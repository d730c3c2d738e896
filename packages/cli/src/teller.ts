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
  const machine = (fact: object): void => say(JSON.stringify({ time: new Date().toISOString(), ...fact }))
  if (json) {
    return {
      line: ({ service, stream, line }) => machine({ type: 'service.wrote', service, stream, line }),
      event: machine,
      note: (type, message) => machine({ type, message }),
    }
  }
  return {
    line: ({ service, line }) => say(`${paint.dim(`${service} |`)} ${line}`),
    event(event) {
      const words = worded(event)
      if (words !== undefined)
        say(
          `${paint.dim('holdfast |')} ${event.type === 'service.failed' || event.type === 'service.exited' ? paint.red(words) : words}`,
        )
    },
    note: (_, message) => say(`${paint.dim('holdfast |')} ${message}`),
  }
}

function worded(event: GovernorEvent): string | undefined {
  switch (event.type) {
    case 'service.started':
      return undefined
    case 'service.ready':
      return `${event.service} is ready after ${Math.round(event.after)} ms`
    case 'service.exited':
      return `${event.service} ended (${event.signal ?? `exit code ${event.code}`}) after ${seconds(event.after)}`
    case 'service.restarting':
      return `${event.service} starts again ${event.delay > 0 ? `in ${Math.round(event.delay)} ms` : 'at once'}${event.attempt > 1 ? `, restart ${event.attempt} in a row` : ''}`
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
