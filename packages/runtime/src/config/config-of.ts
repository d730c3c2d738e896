import { readFile } from 'node:fs/promises'
import { relative, resolve } from 'node:path'
import type { Environment } from './environment.ts'
import { ConfigError } from './problem.ts'
import { readConfig } from './read.ts'
import type { Config } from './schema.ts'

/** Reads and checks a file. Rejects with a `ConfigError` that names the place of everything wrong, relative to the working folder. */
export async function configOf(file: string, environment: Environment): Promise<Config> {
  const shown = relative(process.cwd(), resolve(file)) || file
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const message =
      error.code === 'ENOENT' ? 'there is no such file: name one with -f' : `cannot be read (${error.code})`
    throw new ConfigError([{ file: shown, line: 1, column: 1, message }])
  })
  return readConfig({ file: shown, text, environment })
}
