import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'

/** Keeps what a benchmark found in `results/`, under its name and the machine's, with all that was fixed about the run. */
export function save(
  name: string,
  about: { readonly machine: string; readonly plan: object },
  result: object,
): void {
  const folder = join(import.meta.dirname, 'results')
  const file = join(folder, `${name}-${about.machine}.json`)
  const { machine, plan } = about
  const run = { at: new Date().toISOString(), machine, node: process.version, plan }
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, `${JSON.stringify({ ...run, ...result }, null, 2)}\n`)
  console.error(`saved to ${file}`)
}

/** A name that tells what kind of machine this is, not whose: processor and number of cores. */
export function machineName(): string {
  const cores = cpus()
  return `${cores[0]?.model ?? process.arch} ${cores.length} cores`.toLowerCase().replace(/[^a-z0-9]+/g, '-')
}
