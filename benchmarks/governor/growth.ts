// What a governor weighs more after many restarts and much output. See README.md.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { built } from './programs.ts'
import { readyFile } from './ready-file.ts'
import type { Row } from './report.ts'

interface Grown {
  readonly rss: number
  readonly heap: number
  readonly seconds: number
}

/** In a process of its own, after a warm-up of a tenth. */
export async function growthRows(plan: {
  readonly restarts: number
  readonly megabytes: number
}): Promise<Row[]> {
  using place = readyFile()
  const { restarts, megabytes } = plan
  const file = await built('growth-process', place.folder)
  const args = ['--expose-gc', file, join(place.folder, 'state'), String(restarts), String(megabytes)]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  const { lives, output } = JSON.parse(stdout) as { lives: Grown; output: Grown & { bytes: number } }
  if (output.bytes !== megabytes * 1e6)
    throw new Error(`${output.bytes} bytes were heard of ${megabytes * 1e6}`)
  const rows = (name: string, { rss, heap, seconds }: Grown): Row[] => [
    { subject: 'holdfast', name: `${name}: growth of RSS`, unit: 'MiB', value: rss },
    { subject: 'holdfast', name: `${name}: growth of the heap`, unit: 'MiB', value: heap },
    { subject: 'holdfast', name: `${name}: took`, unit: 's', value: seconds },
  ]
  return [...rows(`${restarts} restarts`, lives), ...rows(`${megabytes} MB of output`, output)]
}
