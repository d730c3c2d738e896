/**
 * Where an address leads: one without a scheme stands under the base, its path and query included; only an absolute one leads elsewhere.
 *
 * Throws what `URL` throws where it cannot be read.
 */
export function under(base: URL | undefined, address: string): URL {
  if (base === undefined || URL.canParse(address)) return new URL(address)
  const slash = /^([/?#]|$)/.test(address) ? '' : '/'
  const url = new URL(`${base.origin}${base.pathname.replace(/\/+$/, '')}${slash}${address}`)
  for (const [name, value] of base.searchParams)
    if (!url.searchParams.has(name)) url.searchParams.append(name, value)
  return url
}
