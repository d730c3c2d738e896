import { runningTrace, runningTraces } from '@holdfast/runtime'
import { InvalidArgumentError } from 'commander'
import { coloured, paint } from './paint.ts'
import { traceList, traceTree } from './trace-lines.ts'

interface TracesFlags {
  readonly file: string
  readonly limit: number
  readonly json?: true
}

/** `holdfast traces`: the last requests to the gateway; `holdfast traces ID`: all that happened in one. Exit code 1 if it is not kept. */
export async function traces(id: string | undefined, { file, limit, json }: TracesFlags): Promise<void> {
  const colours = paint(coloured(process.stdout, process.env))
  if (id === undefined) {
    const found = await runningTraces(file, limit)
    return say(json ? [JSON.stringify({ traces: found }, null, 2)] : traceList(found, colours))
  }
  const found = await runningTrace(file, id)
  if (found) return say(json ? [JSON.stringify(found, null, 2)] : traceTree(found, colours))
  console.error(
    `no trace '${id}' is kept: it may be too old, or not sampled; holdfast traces lists those there are`,
  )
  process.exitCode = 1
}

/** How many to list, as an argument. */
export function howMany(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a whole number from 1 to 9999.')
}

function say(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`)
}
