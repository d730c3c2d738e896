import type { Envelope } from '../envelope.ts'

/**
 * The statement with an envelope as a comment behind it, in the form of sqlcommenter (google.github.io/sqlcommenter/spec): keys in order, values
 * percent-encoded in quotes.
 *
 * No value can end the comment: the slash that it would take is always encoded.
 */
export function commented(text: string, envelope: Envelope): string {
  const pairs = Object.entries(envelope).map(([name, value]) => `${encoded(name)}='${encoded(value)}'`)
  return pairs.length === 0 ? text : `${text}\n/*${pairs.sort().join(',')}*/`
}

function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll("'", '%27')
}
