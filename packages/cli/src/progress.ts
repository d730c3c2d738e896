import type { GovernorEvent } from '@holdfast/runtime'
import { worded } from './teller.ts'

/** What happens to services while a command waits, for people, on standard error: all but what the command itself says of one of them at the end. */
export function progress(but?: string): (event: GovernorEvent) => void {
  const ends = ['service.ready', 'service.stopped', 'service.done']
  return (event) => {
    const { level, msg } = worded(event)
    const itsEnd = 'service' in event && event.service === but && ends.includes(event.type)
    if (level !== 'debug' && !itsEnd) console.error(`  ${msg}`)
  }
}
