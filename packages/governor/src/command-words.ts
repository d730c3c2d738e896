import { GovernorError } from './governor-error.ts'

const syntax = new Set('|&;<>()$`*?\n')

/**
 * Splits a command into words as a shell would: blanks separate, quotes and backslashes keep together.
 *
 * Nothing is expanded: between quotes every character means itself. Shell syntax outside quotes, an open quote and an
 * empty command throw `COMMAND_SYNTAX`.
 */
export const commandWords = (command: string): string[] => {
  const wrong = (what: string) =>
    new GovernorError(
      'COMMAND_SYNTAX',
      `${what} in the command: ${command}`,
      `quote it, or run a shell with the list [sh, -c, '…']`,
    )
  const words: string[] = []
  let word: string | undefined
  for (let i = 0; i < command.length; i++) {
    const char = command[i]!
    if (char === ' ' || char === '\t') {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (char === "'" || char === '"') {
      const { text, end } = quoted(command, i)
      if (end === -1) throw wrong(`a ${char} is never closed`)
      word = (word ?? '') + text
      i = end
    } else if (char === '\\') {
      i += 1
      if (i === command.length) throw wrong('nothing follows the last backslash')
      word = (word ?? '') + command[i]
    } else if (syntax.has(char)) throw wrong(`${JSON.stringify(char)} is shell syntax`)
    else word = (word ?? '') + char
  }
  if (word !== undefined) words.push(word)
  if (words.length === 0) throw wrong('there is no word')
  return words
}

/** The text between the quote at `open` and its partner at `end`; -1 when there is none. */
const quoted = (command: string, open: number): { text: string; end: number } => {
  const quote = command[open]
  let text = ''
  for (let i = open + 1; i < command.length; i++) {
    const char = command[i]!
    if (char === quote) return { text, end: i }
    // Within double quotes a backslash escapes only what is special there, as in a shell.
    const escapes = quote === '"' && char === '\\' && /["\\$`]/.test(command[i + 1] ?? '')
    text += escapes ? command[++i] : char
  }
  return { text, end: -1 }
}
