import { isIP } from 'node:net'

/**
 * Whether a `Host` header names this machine by number or as `localhost`.
 *
 * A page from elsewhere can have its own name resolve to a loopback address, and would then be of one origin with what listens there (DNS
 * rebinding); its requests still carry that name.
 */
export function isLocalHost(header: string | undefined): boolean {
  if (header === undefined || !URL.canParse(`http://${header}`)) return false
  const { hostname } = new URL(`http://${header}`)
  return hostname === 'localhost' || isIP(hostname.replace(/^\[|\]$/g, '')) !== 0
}
