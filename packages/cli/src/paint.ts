/** Colours for a terminal, or none. */
export interface Paint {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly red: (text: string) => string
  readonly green: (text: string) => string
  readonly yellow: (text: string) => string
}

/** Whether colours may be used: on a terminal, unless NO_COLOR says otherwise (no-color.org); FORCE_COLOR asks for them anywhere. */
export function coloured(
  stream: { readonly isTTY?: boolean },
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  if (environment['NO_COLOR']) return false
  if (environment['FORCE_COLOR'] && environment['FORCE_COLOR'] !== '0') return true
  return stream.isTTY === true && environment['TERM'] !== 'dumb'
}

export function paint(allowed: boolean): Paint {
  const code = (open: number, close: number) => (text: string) =>
    allowed ? `\x1b[${open}m${text}\x1b[${close}m` : text
  return { bold: code(1, 22), dim: code(2, 22), red: code(31, 39), green: code(32, 39), yellow: code(33, 39) }
}

/** How many columns a text takes, colours left out. */
export function widthOf(text: string): number {
  return [...text.replace(/\x1b\[[0-9;]*m/g, '')].length
}
