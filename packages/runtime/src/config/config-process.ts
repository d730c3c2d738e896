import { servedConfigOf } from './config-of.ts'
import { ConfigError } from './problem.ts'
import type { Reading } from './read-apart.ts'

/** A process that reads the file that it is given, says once what came of it, and takes all that it needed for that away with it. */
const [file = ''] = process.argv.slice(2)
const reading = await servedConfigOf(file, process.env).then(
  (config): Reading => ({ is: 'right', config }),
  (error: unknown): Reading => {
    if (error instanceof ConfigError) return { is: 'wrong', problems: error.problems }
    throw error
  },
)
process.stdout.write(JSON.stringify(reading))
