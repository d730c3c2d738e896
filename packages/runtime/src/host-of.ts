/** Host and port of a database's address. */
export function hostOf(address: string): string {
  const { hostname, port } = new URL(address)
  return `${hostname}:${port || 5_432}`
}
