import type { GatewayEvent, LinkFailure } from '@holdfast/gateway'

/** Turns what the gateway tells into lines for people: another link answers a chain than before, nobody could answer, a breaker changed its state. */
export function gatewayLines(say: (line: string) => void): (event: GatewayEvent) => void {
  const last = new Map<string, string>()
  return (event) => {
    if (!('chain' in event)) return say(breakerLine(event))
    const { chain, failures } = event
    const ms = Math.round(event.ms)
    if (event.type === 'chain.exhausted')
      return say(`${chain}: nobody could answer (${reasons(failures)}), ${ms} ms`)
    if (event.type === 'chain.broke-off')
      return say(
        `${chain}: an answer broke off and nobody could go on with it (${reasons(failures)}), ${ms} ms`,
      )
    const before = last.get(chain)
    last.set(chain, event.link)
    if (before === event.link || (before === undefined && failures.length === 0)) return undefined
    const attempts = `${event.attempts} attempt${event.attempts === 1 ? '' : 's'}`
    if (failures.length === 0) return say(`${chain}: ${event.link} answers again, ${attempts}, ${ms} ms`)
    return say(
      `${chain}: ${event.link} took over${before === undefined ? '' : ` from ${before}`} (${reasons(failures)}), ${attempts}, ${ms} ms`,
    )
  }
}

function breakerLine(event: Exclude<GatewayEvent, { chain: string }>): string {
  switch (event.type) {
    case 'breaker.opened':
      return `${event.policy}: breaker opened for ${Math.round(event.openFor)} ms, after: ${event.error instanceof Error ? event.error.message : event.error}`
    case 'breaker.half-opened':
      return `${event.policy}: breaker lets a probe through`
    case 'breaker.isolated':
    case 'breaker.disabled':
    case 'breaker.observed':
      return `${event.policy}: ${event.type.replace('.', ' ')}`
    case 'breaker.would-open':
      return `${event.policy}: breaker is observed, and would have opened`
    case 'breaker.closed':
      return `${event.policy}: breaker closed`
  }
}

function reasons(failures: readonly LinkFailure[]): string {
  return failures.map(({ link, class: reason }) => `${link}: ${reason}`).join(', ')
}
