// kill -9 of a child → its replacement listens. See README.md.
import { setTimeout as wait } from 'node:timers/promises'
import { quantile } from '../traffic/quantile.ts'
import type { Row } from './report.ts'
import { killOne, startAll, supervisors } from './supervisor.ts'

/** Each supervisor has one child; they are killed in turn, `kills` of each. */
export async function restartRows(kills: number): Promise<Row[]> {
  const all = [
    await supervisors.bare(),
    await supervisors.holdfast(),
    await supervisors.spare(),
    await supervisors.pm2(),
  ]
  const took = all.map((): number[] => [])
  try {
    for (const each of all) await startAll(each, 1)
    for (let kill = 0; kill < kills; kill++)
      for (let turn = 0; turn < all.length; turn++) {
        const at = (turn + kill) % all.length
        // What the one before still has to tidy up, and the next spare's boot, must not count here.
        await wait(200)
        took[at]!.push(await killOne(all[at]!))
      }
    return all.map(({ name }, at) => ({
      subject: name,
      name: 'kill -9 to ready',
      unit: 'ms',
      value: quantile(took[at]!, 0.5),
      worst: quantile(took[at]!, 0.95),
      ratio: quantile(took[at]!, 0.5) / quantile(took[0]!, 0.5),
    }))
  } finally {
    for (const each of all) await each.end()
  }
}
