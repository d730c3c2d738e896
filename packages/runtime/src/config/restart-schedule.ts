import type { Schedule } from '@holdfast/governor'
import { present } from '../present.ts'
import type { ServiceConfig } from './schema.ts'

/** When a service is to be restarted, as the file says it. Throws a sentence where that is no schedule. */
export function schedule(said: NonNullable<ServiceConfig['restartAt']>): Schedule {
  const { cron, timezone, every, jitter } = said
  if ((cron === undefined) === (every === undefined)) throw new Error('needs either `cron` or `every`')
  if (every !== undefined && timezone !== undefined)
    throw new Error('has a `timezone`, which is for `cron` alone')
  return cron === undefined ? present({ every: every!, jitter }) : present({ cron, timezone, jitter })
}
