/**
 * Where an address leads: one without a scheme stands under the base, its path and query included; only an absolute one leads elsewhere.
 *
 * Throws what `URL` throws where it cannot be read.
 */
export function under(base: URL | undefined, address: string): URL {
  const isPath = address.startsWith('/')
  if (base === undefined || (!isPath && URL.canParse(address))) return new URL(address)
  const slash = isPath || /^([?#]|$)/.test(address) ? '' : '/'
  const url = new URL(`${base.origin}${base.pathname.replace(/\/+$/, '')}${slash}${address}`)
  if (base.search === '') return url
  for (const [name, value] of base.searchParams)
    if (!url.searchParams.has(name)) url.searchParams.append(name, value)
  return url
}
