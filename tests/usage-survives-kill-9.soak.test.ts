import { join } from 'node:path'
import { seededRandom } from '@holdfast/policy/testing'
import { up } from '@holdfast/runtime'
import { expect, it } from 'vitest'
import { underLoad } from './harness/killed-under-load.ts'

it.each([
  [1, 5],
  [3, 6],
])(
  'loses no more of the ledger than the last second while processes of the edge, %i at a time, and at last all of it, are killed with -9',
  async (replicas, seed) => {
    const random = seededRandom(seed)
    await using load = await underLoad(replicas)
    for (let kills = 0; kills < 12; kills++) {
      await load.grown(load.written().answers, Math.floor(random() * 200))
      await load.killEdge()
    }
    await load.quiet()
    expect(await load.holdfast.end('SIGKILL')).toBeNull()
    await using next = await up({
      file: join(load.holdfast.folder, 'holdfast.yaml'),
      environment: process.env,
    })
    await next.started

    load.demandWhole()
  },
  600_000,
)
