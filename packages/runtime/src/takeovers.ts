import type { GatewayEvent, LinkFailure } from '@holdfast/gateway'

/** Turns what the gateway tells into lines for people: one when another link answers a chain than before, one for each request that nobody answered whole. */
export function takeovers(say: (line: string) => void): (event: GatewayEvent) => void {
  const last = new Map<string, string>()
  return (event) => {
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

function reasons(failures: readonly LinkFailure[]): string {
  return failures.map(({ link, class: reason }) => `${link}: ${reason}`).join(', ')
}
