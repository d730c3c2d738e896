import { readFile } from 'node:fs/promises'
import { dirname, relative, resolve } from 'node:path'
import type { Environment } from './environment.ts'
import { ConfigError } from './problem.ts'
import { readConfig, readKeys, type Source } from './read.ts'
import type { Config } from './schema.ts'

/** Reads and checks a file. Rejects with a `ConfigError` that names the place of everything wrong, relative to the working folder. */
export async function configOf(file: string, environment: Environment): Promise<Config> {
  return readConfig(await source(file, environment, 'name one with -f'))
}

/** The same, with the keys of clients where they have a file of their own: who only calls need not be able to read that. */
export async function servedConfigOf(file: string, environment: Environment): Promise<Config> {
  const config = await configOf(file, environment)
  const { gateway } = config
  if (gateway.keys?.file === undefined) return config
  const path = resolve(dirname(file), gateway.keys.file)
  const clients = readKeys(await source(path, environment, 'gateway.keys names it'), config)
  return { ...config, gateway: { ...gateway, keys: { file: path, clients } } }
}

async function source(file: string, environment: Environment, hint: string): Promise<Source> {
  const shown = relative(process.cwd(), resolve(file)) || file
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const message =
      error.code === 'ENOENT' ? `there is no such file: ${hint}` : `cannot be read (${error.code}): ${hint}`
    throw new ConfigError([{ file: shown, line: 1, column: 1, message }])
  })
  return { file: shown, text, environment }
}
