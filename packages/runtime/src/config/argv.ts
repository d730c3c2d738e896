import { commandWords } from '@holdfast/governor'

/** A command line, or a list, as the program and its arguments. Throws a sentence where the line needs a shell. */
export function argv(command: string | readonly string[]): readonly string[] {
  return typeof command === 'string' ? commandWords(command) : command
}
