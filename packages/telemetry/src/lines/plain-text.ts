/** Without what colours a terminal. */
export function withoutColours(text: string): string {
  return text.includes('\x1b') ? text.replace(colours, '') : text
}

/** Without what colours a terminal, and without white space at its end. */
export function plainText(text: string): string {
  return withoutColours(text).trimEnd()
}

const colours = /\x1b\[[0-9;?]{0,20}[A-Za-z]/g
