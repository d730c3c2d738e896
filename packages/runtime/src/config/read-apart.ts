import { execFile } from 'node:child_process'
import { getCompileCacheDir } from 'node:module'
import { extname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Environment } from './environment.ts'
import { ConfigError, type Problem } from './problem.ts'
import type { Config } from './schema.ts'

/** What the process that reads a file says. */
export type Reading =
  | { readonly is: 'right'; readonly config: Config }
  | { readonly is: 'wrong'; readonly problems: readonly Problem[] }

/**
 * Reads and checks a file as `servedConfigOf` does, in a process of its own: a schema and a parser of YAML are half of what a small process weighs, and
 * who supervises has no use for them afterwards.
 */
export async function readApart(file: string, environment: Environment): Promise<Config> {
  const kind = extname(import.meta.filename)
  const program = join(import.meta.dirname, `config-process${kind}`)
  const flags = kind === '.ts' ? ['--conditions=@holdfast/source'] : []
  const { stdout } = await run(process.execPath, [...flags, program, file], {
    env: { NODE_COMPILE_CACHE: getCompileCacheDir(), ...environment },
    maxBuffer: longest,
  })
  const reading = JSON.parse(stdout) as Reading
  if (reading.is === 'wrong') throw new ConfigError(reading.problems)
  return reading.config
}

const run = promisify(execFile)

/** No file of any use says more, in bytes. */
const longest = 64 * 1024 * 1024
