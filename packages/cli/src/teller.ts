import { type ChildRecord, type GovernorEvent, prettyEntry } from '@holdfast/runtime'

export interface TellerOptions {
  /** One JSON object a line instead of words. */
  readonly json: boolean
  readonly colours: boolean
  /** Takes a whole entry, with its newline; a promise asks for a pause until it resolves. */
  readonly say: (text: string) => Promise<void> | undefined
  /** The wall clock, in ms since 1970. */
  readonly now?: () => number
}

/** Tells what happens, an entry each: for people, or for machines. Machines get `time`, `level`, `service`, `msg` and `type`, and whatever else is known. */
export interface Teller {
  /** What a service wrote; answers as `say` does. */
  line(record: ChildRecord): Promise<void> | undefined
  /** What happened to a service. */
  event(event: GovernorEvent): void
  note(type: string, message: string, level?: ChildRecord['level']): void
}

export function teller({ json, colours, say, now = Date.now }: TellerOptions): Teller {
  let stamp = { at: Number.NaN, time: '' }
  const time = (): string => {
    const at = now()
    if (at !== stamp.at) stamp = { at, time: new Date(at).toISOString() }
    return stamp.time
  }
  const tell = (entry: object): Promise<void> | undefined =>
    say(json ? `${JSON.stringify(entry)}\n` : prettyEntry({ ...entry }, colours))
  return {
    line({ level, service, replica, msg, fields, ...when }) {
      const whole = replica === undefined ? service : `${service}.${replica}`
      const record = { time: when.time ?? time(), level, service: json ? service : whole, msg }
      if (!json) return tell({ ...record, ...withoutNoise(fields) })
      const { type, ...others } = fields
      return tell({
        ...record,
        ...(replica !== undefined && { replica }),
        type: 'service.wrote',
        ...(type !== undefined && { type_: type }),
        ...(replica === undefined ? others : withoutReplica(others)),
      })
    },
    event(event) {
      const { level, msg } = worded(event)
      if (json) tell({ time: time(), level, service: self, msg, ...event })
      else if (level !== 'debug') tell({ time: time(), level, service: self, msg })
    },
    note(type, msg, level = 'info') {
      tell({ time: time(), level, service: self, msg, ...(json && { type }) })
    },
  }
}

/** Who speaks where no service does. */
const self = 'holdfast'

/** What a person reads in the message anyway. */
function withoutNoise({ pid, name, event, ...fields }: ChildRecord['fields']): ChildRecord['fields'] {
  return fields
}

/** Which one wrote it is known; what it calls so itself has another name. */
function withoutReplica({ replica, ...others }: ChildRecord['fields']): ChildRecord['fields'] {
  return replica === undefined ? others : { ...others, replica_: replica }
}

type Words = Pick<ChildRecord, 'level' | 'msg'>

/** Names the replica with its service, where there are several. */
function byName(event: GovernorEvent): GovernorEvent {
  return 'replica' in event && event.replica !== undefined
    ? { ...event, service: `${event.service} (replica ${event.replica})` }
    : event
}

/** What happened, for people, and how much it matters. */
export function worded(told: GovernorEvent): Words {
  const event = byName(told)
  switch (event.type) {
    case 'service.started':
      return { level: 'debug', msg: `${event.service} has started (pid ${event.pid})` }
    case 'service.ready':
      return { level: 'info', msg: `${event.service} is ready after ${Math.round(event.after)} ms` }
    case 'service.exited':
      return {
        level: event.wanted ? 'info' : 'error',
        msg: `${event.service} ended (${event.signal ?? `exit code ${event.code}`}) after ${seconds(event.after)}`,
      }
    case 'service.restarting': {
      const when = event.delay > 0 ? `in ${Math.round(event.delay)} ms` : 'at once'
      const which = event.attempt > 1 ? `, restart ${event.attempt} in a row` : ''
      const planned = event.reason === 'schedule' || event.reason === 'asked'
      const msg = `${event.service} starts again ${when}${which} (${event.why})`
      return { level: planned ? 'info' : 'warn', msg }
    }
    case 'service.ailing':
      return { level: 'warn', msg: `${event.service} does not answer as it should: ${event.why}` }
    case 'service.recovered':
      return { level: 'info', msg: `${event.service} is well again` }
    case 'service.done':
      return { level: 'info', msg: `${event.service} is done` }
    case 'service.gave-up':
      return { level: 'error', msg: `${event.service} is not started again: ${event.why}` }
    case 'service.stopped':
      return { level: 'info', msg: `${event.service} has stopped` }
    case 'service.failed':
      return { level: 'error', msg: `${event.service} failed: ${event.why}` }
    case 'service.scaled':
      return {
        level: 'info',
        msg: `${event.service} goes from ${event.from} to ${event.to} replicas (${event.why})`,
      }
    case 'load.failed':
      return { level: 'warn', msg: `${event.service} does not tell its load: ${event.why}` }
    case 'load.recovered':
      return { level: 'info', msg: `${event.service} tells its load again` }
    case 'spare.started':
      return { level: 'debug', msg: `a spare of ${event.service} has started (pid ${event.pid})` }
    case 'spare.failed':
      return { level: 'error', msg: `${event.service} has no spare: ${event.why}` }
    case 'record.failed':
      return {
        level: 'error',
        msg: `what runs cannot be written down (${event.why}): after a kill -9, processes may be left behind`,
      }
    case 'log.failed':
      return {
        level: 'error',
        msg: `what ${event.service} writes cannot be kept (${event.why}): lines are dropped`,
      }
    case 'log.recovered':
      return {
        level: 'info',
        msg: `what ${event.service} writes is kept again, ${event.lost} lines are missing`,
      }
  }
}

function seconds(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 1_000)} s`
}
