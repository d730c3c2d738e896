import { HoldfastError } from '@holdfast/policy'

/** One thing that is wrong with a configuration file, and where. Lines and columns count from 1. */
export interface Problem {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly message: string
}

/** A configuration file that cannot be used. Nothing was started. */
export class ConfigError extends HoldfastError {
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(
      'CONFIG_INVALID',
      problems.map(worded).join('\n'),
      'Mend the file at the place named, and start again.',
    )
    this.problems = problems
  }
}

function worded({ file, line, column, message }: Problem): string {
  return `${file}:${line}:${column} ${message}`
}
