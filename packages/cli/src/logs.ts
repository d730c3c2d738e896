import { duration, type KeptRecord, keptRecords, type LogLevel } from '@holdfast/runtime'
import { InvalidArgumentError } from 'commander'
import { coloured } from './paint.ts'
import { teller } from './teller.ts'

interface LogsFlags {
  readonly file: string
  readonly follow?: true
  readonly lines?: number
  readonly since?: number
  readonly level?: LogLevel
  readonly json?: true
}

/** How many lines are shown when it is not said. */
const usual = 100

/** `holdfast logs`: what the services wrote, whether they run or not; with `--follow` also what they write from now on, until Ctrl-C. */
export async function logs(
  services: readonly string[],
  { file, follow, lines, since, level, json }: LogsFlags,
): Promise<void> {
  const { stdout } = process
  const leave = new AbortController()
  const left = new Promise((resolve) => leave.signal.addEventListener('abort', resolve))
  let text = ''
  let day = new Date().toISOString().slice(0, 10)
  const tell = teller({
    json: json === true,
    colours: !json && coloured(stdout, process.env),
    say: (entry) => {
      text += entry
      return undefined
    },
  })
  const show = (record: KeptRecord): void => {
    if (json) return void tell.line(withStream(record))
    // A line has the time of day alone.
    if (!record.time.startsWith(day)) {
      day = record.time.slice(0, 10)
      text += `${day}\n`
    }
    tell.line(record)
  }
  // Whoever reads this may leave (`| head`).
  stdout.on('error', () => process.exit())
  if (follow) for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => leave.abort())
  const last = lines ?? (since === undefined ? usual : undefined)
  const records = keptRecords(file, {
    services,
    ...(last !== undefined && { last }),
    ...(since !== undefined && { since: Date.now() - since }),
    ...(level && { least: level }),
    ...(follow && { follow: leave.signal }),
  })
  for await (const some of records) {
    for (const record of some) show(record)
    const told = text
    text = ''
    await Promise.race([left, new Promise((resolve) => stdout.write(told, resolve))])
  }
  // What a reader does not take would keep this process for ever.
  if (leave.signal.aborted) process.exit()
}

function withStream({ stream, fields, ...record }: KeptRecord): KeptRecord {
  const { stream: own, ...others } = fields
  return { ...record, stream, fields: { stream, ...(own !== undefined && { stream_: own }), ...others } }
}

/** How long ago, as an argument; in ms. */
export function ago(text: string): number {
  const ms = duration(text)
  if (ms !== undefined) return ms
  throw new InvalidArgumentError('It must be a duration with a unit, such as 30s, 10m or 2d.')
}
