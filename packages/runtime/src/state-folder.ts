import { dirname, join, resolve } from 'node:path'

/** Where a file's Holdfast keeps its state: `.holdfast` beside it, so that one folder runs one Holdfast. */
export function stateFolder(file: string): string {
  return join(dirname(resolve(file)), '.holdfast')
}

/** Where what the services write is kept. */
export function logFolder(file: string): string {
  return join(stateFolder(file), 'logs')
}

/** Where it is kept who used how much, in a folder of state. */
export function ledgerFile(state: string): string {
  return join(state, 'usage.sqlite')
}

/** Where the answers are that chains keep on the disk, in a folder of state. */
export function answerFolder(state: string): string {
  return join(state, 'answers')
}
