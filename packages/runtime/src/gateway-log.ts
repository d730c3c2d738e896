import type { GatewayEvent } from '@holdfast/gateway'
import type { Logger } from '@holdfast/telemetry/logs'
import { errorType } from '@holdfast/telemetry/traces'

/** The part of a logger that `gatewayLog` needs. */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>

/** One line of a log, before it is told. */
interface Entry {
  readonly level: keyof Log
  readonly message: string
  readonly fields?: object
}

/**
 * Turns what the gateway tells into lines of a log: a line for each request and for each change of a breaker, with the ids of the request whose doing it was.
 *
 * A request that its first link answered plainly is `debug`; one that another link answered, that the provider refused, or whose client left, is `info`; `warn`
 * where a link takes over a chain. The first request of a client that is over a limit is `info` and those after it `debug`, until one is let in. `error` where nobody could answer, where an answer broke off, and for mistakes of the gateway's own. Never a word of what was asked or answered.
 */
export function gatewayLog(log: Log): (event: GatewayEvent) => void {
  const chains = new Map<string, Answering>()
  const limited = new Set<string>()
  return (event) => {
    const { level, message, fields } = ofEvent(event, { chains, limited })
    log[level]({ event: event.type, ...fields, ...ids(event) }, message)
  }
}

/** What was told before. */
interface Before {
  readonly chains: Map<string, Answering>
  /** Clients that are over a limit. */
  readonly limited: Set<string>
}

/** Who answered a chain last, and who failed and has not answered since. */
interface Answering {
  readonly last: string
  readonly missed: Set<string>
}

function ofEvent(event: GatewayEvent, { chains, limited }: Before): Entry {
  if (event.type === 'client.refused') return overLimit(event, limited)
  if (!('attempts' in event)) return ofOthers(event)
  if (event.client !== undefined) limited.delete(event.client)
  return ofChain(event, chains)
}

function overLimit({ client, chain, limit }: OverLimit, limited: Set<string>): Entry {
  const level = limited.has(client) ? 'debug' : 'info'
  limited.add(client)
  return { level, message: `${client}: over its limit (${limit})`, fields: { client, chain, limit } }
}

type OverLimit = Extract<GatewayEvent, { type: 'client.refused' }>
type OfChain = Extract<GatewayEvent, { chain: string; attempts: number }>

function ofChain(event: OfChain, chains: Before['chains']): Entry {
  const { chain, client, attempts, failures } = event
  const link = 'link' in event ? event.link : undefined
  const fields = {
    chain,
    ...(client !== undefined && { client }),
    ...(link !== undefined && { link }),
    ...('status' in event && { status: event.status }),
    attempts,
    ms: Math.round(event.ms),
    ...(failures.length > 0 && {
      failures: Object.fromEntries(failures.map((failure) => [failure.link, failure.class])),
    }),
  }
  switch (event.type) {
    case 'chain.exhausted':
      return { level: 'error', message: `${chain}: nobody could answer`, fields }
    case 'chain.broke-off':
      return {
        level: 'error',
        message: `${chain}: an answer broke off and nobody could go on with it`,
        fields,
      }
    case 'chain.refused':
      return { level: 'info', message: `${chain}: ${link} refused the request`, fields }
    case 'chain.cancelled':
      return { level: 'info', message: `${chain}: the client went away`, fields }
    case 'chain.answered':
      return { ...answered(event, chains), fields }
    case 'chain.reused':
      return {
        level: 'debug',
        message: `${chain}: ${event.how === 'hit' ? 'answered from the cache' : 'answered like one who asked the same'}`,
        fields,
      }
  }
}

function answered(event: Extract<OfChain, { type: 'chain.answered' }>, chains: Before['chains']): Entry {
  const { chain, link, failures } = event
  const { last, missed } = chains.get(chain) ?? { last: undefined, missed: new Set<string>() }
  const failed = failures.filter((each) => !missed.has(each.link))
  const back = missed.delete(link)
  for (const each of failed) missed.add(each.link)
  chains.set(chain, { last: link, missed })
  if (failed.length > 0) {
    const from = failed.some((each) => each.link === last) ? ` from ${last}` : ''
    return { level: 'warn', message: `${chain}: ${link} took over${from}` }
  }
  if (back) return { level: 'info', message: `${chain}: ${link} answers again` }
  return { level: failures.length === 0 ? 'debug' : 'info', message: `${chain}: ${link} answered` }
}

function ofOthers(event: Exclude<GatewayEvent, OfChain | OverLimit>): Entry {
  if (event.type === 'route.failed') {
    const { route, error } = event
    return { level: 'error', message: `${route}: a mistake of the gateway's own`, fields: { err: error } }
  }
  if (event.type === 'cache.failed')
    return {
      level: 'warn',
      message: 'the cache cannot write to its folder; answers are kept in memory alone',
      fields: { err: event.error },
    }
  if (event.type === 'key.refused') {
    const { upstream, key, status } = event
    const message = `${upstream}: its provider refuses key ${key} with ${status}`
    return { level: 'error', message, fields: { upstream, key, status } }
  }
  const { policy } = event
  switch (event.type) {
    case 'breaker.opened': {
      const ms = Math.round(event.openFor)
      // A provider's own words may be the question.
      const { status } = Object(event.error) as { readonly status?: unknown }
      const reason = errorType(event.error)
      const fields = { policy, open_for_ms: ms, reason, ...(typeof status === 'number' && { status }) }
      return { level: 'warn', message: `${policy}: breaker opened for ${ms} ms`, fields }
    }
    case 'breaker.half-opened':
      return { level: 'info', message: `${policy}: breaker lets a probe through`, fields: { policy } }
    case 'breaker.closed':
      return { level: 'info', message: `${policy}: breaker closed`, fields: { policy } }
    case 'breaker.would-open':
      return {
        level: 'warn',
        message: `${policy}: breaker is observed, and would have opened`,
        fields: { policy },
      }
    case 'breaker.isolated':
    case 'breaker.disabled':
    case 'breaker.observed':
      return { level: 'warn', message: `${policy}: ${event.type.replace('.', ' ')}`, fields: { policy } }
  }
}

/** Told by name, since what asks and what tells are not in the same context. */
function ids({ request }: GatewayEvent): object {
  if (request === undefined) return {}
  const { trace, correlation } = request
  return { trace_id: trace.traceId, span_id: trace.spanId, correlation_id: correlation }
}
