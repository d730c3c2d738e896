const CODE = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/

/**
 * What kind of failure it is, in one word: its `code`, or else its name.
 *
 * Never its message: that may quote an address, a key, or what a user has written.
 */
export function errorType(error: unknown): string {
  try {
    if (typeof error !== 'object' || error === null) return `a ${typeof error}`
    const { code, name } = error as { readonly code?: unknown; readonly name?: unknown }
    if (typeof code === 'string' && CODE.test(code)) return code
    if (typeof name === 'string' && CODE.test(name)) return name
  } catch {
    // Something that cannot even be looked at.
  }
  return 'Error'
}
