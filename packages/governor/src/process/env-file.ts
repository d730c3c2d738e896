import { parseEnv } from 'node:util'

/** What a file of variables says, or the line that says nothing, from 1, and why. */
export type EnvFile =
  | { readonly is: 'read'; readonly variables: Readonly<Record<string, string>> }
  | { readonly is: 'flawed'; readonly line: number; readonly why: string }

/**
 * Reads the text of a `.env` file as Node's `util.parseEnv` does (`NAME=value`, quotes over several lines, comments after `#`),
 * and complains about lines that it would skip without a word. Pure; a complaint holds nothing of the line.
 */
export const envFile = (said: string): EnvFile => {
  // An editor's mark of UTF-8, which would become a part of the first name.
  const text = said.replace(/^\uFEFF/, '')
  const lines = text.split(/\r?\n/)
  const strange = lines.findIndex((line) => line.includes('\0'))
  if (strange !== -1)
    return { is: 'flawed', line: strange + 1, why: 'it holds a zero byte, as text that is not UTF-8 does' }
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!.trim()
    if (line === '' || line.startsWith('#')) continue
    const [, value] = /^(?:export\s+)?[A-Za-z_][\w.-]*\s*=\s*(.*)$/.exec(line) ?? []
    if (value === undefined) return { is: 'flawed', line: at + 1, why: 'it is not NAME=value' }
    const [quote = ''] = /^["'`]/.exec(value) ?? []
    if (quote === '' || value.indexOf(quote, 1) !== -1) continue
    const end = lines.findIndex((each, i) => i > at && each.includes(quote))
    if (end === -1) return { is: 'flawed', line: at + 1, why: `the quote ${quote} is not closed` }
    at = end
  }
  return { is: 'read', variables: parseEnv(text) as Record<string, string> }
}
