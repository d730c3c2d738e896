import type { GatewayEvent } from '@holdfast/gateway'
import type { ControlClient } from '@holdfast/governor'
import type { Level } from '@holdfast/telemetry/lines'
import type { Logger } from '@holdfast/telemetry/logs'
import { edgeName } from './edge-contract.ts'
import { gatewayLog } from './gateway-log.ts'
import type { LogLevels } from './log-levels.ts'

/** The log of the edge's own process. */
export interface EdgeLog {
  event(event: GatewayEvent): void
  warn(message: string): void
  error(error: unknown, message: string): void
  /** Takes over the level that the governor has for the edge; resolves when it holds, or cannot be had. */
  refresh(): Promise<void>
  /** Resolves when every line is out. */
  close(): Promise<void>
}

export interface EdgeLogOptions {
  readonly governor: Pick<ControlClient, 'call'>
  /** What is more urgent: the logger is loaded after it, and what happens before is told then. */
  readonly after: Promise<unknown>
  /** Where lines go; the process's standard output by default. */
  readonly to?: NodeJS.WritableStream
}

/** How many lines wait for the logger. */
const most = 1_000

/*
 * I1  Lines come out in the order in which they came in, those from before the logger was loaded too.
 * I2  No more than `most` lines wait for the logger; how many more there were is said.
 */
/** Tells the standard output what happens in the edge, one JSON object a line, as far as its level allows. */
export function edgeLog({ governor, after, to = process.stdout }: EdgeLogOptions): EdgeLog {
  let ready: Loaded | undefined
  let missing = 0
  const early: ((loaded: Loaded) => void)[] = []
  const use = (what: (loaded: Loaded) => void): void => {
    if (ready !== undefined) what(ready)
    else if (early.length < most) early.push(what)
    else missing++
  }
  const loaded = after.then(async () => {
    const { logger } = await import('@holdfast/telemetry/logs')
    const log = logger({ service: edgeName, destination: to })
    ready = { log, tell: gatewayLog(log) }
    for (const what of early.splice(0)) what(ready)
    if (missing > 0) log.warn(`${missing} lines are missing here: they came before the log was there`)
    return ready
  })
  const refresh = async (): Promise<void> => {
    const [{ log }, levels] = await Promise.all([loaded, governor.call('log-level').catch(() => undefined)])
    if (levels) log.level = levelOf(levels as LogLevels)
  }
  void refresh()
  return {
    event: (event) => use(({ tell }) => tell(event)),
    warn: (message) => use(({ log }) => log.warn(message)),
    error: (error, message) => use(({ log }) => log.error({ err: error }, message)),
    refresh,
    async close() {
      await loaded
      await new Promise<void>((resolve) => to.write('', () => resolve()))
    },
  }
}

interface Loaded {
  readonly log: Logger
  readonly tell: (event: GatewayEvent) => void
}

function levelOf({ level, services }: LogLevels): Level {
  return services[edgeName] ?? level
}
