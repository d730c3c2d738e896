import { dirname, join, resolve } from 'node:path'

/** Where a file's Holdfast keeps its state: `.holdfast` beside it, so that one folder runs one Holdfast. */
export function stateFolder(file: string): string {
  return join(dirname(resolve(file)), '.holdfast')
}

/** Where what the services write is kept. */
export function logFolder(file: string): string {
  return join(stateFolder(file), 'logs')
}
