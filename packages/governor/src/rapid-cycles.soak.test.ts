import { readdirSync } from 'node:fs'
import { expect, it, onTestFinished } from 'vitest'
import { claimState } from './process/claimed-state.ts'
import { mark } from './process/process-mark.ts'
import { processGovernor } from './process-governor.ts'
import { folder } from './testing/folder.ts'

it('1,000 rapid cycles leave no PID clash, no process, no file', async () => {
  using state = await claimState(folder(onTestFinished))
  await using g = processGovernor({
    services: ['a', 'b', 'c'].map((name) => ({ name, command: ['sleep', '1000'] })),
    state,
  })
  const pids: number[] = []
  g.on((event) => event.type === 'service.started' && pids.push(event.pid))

  for (let round = 0; round < 1_000; round++) {
    const started = g.start()
    if (round % 3 === 0) await started
    for (let turn = 0; turn < round % 7; turn++) await new Promise(setImmediate)
    await g.stop()
    expect(pids.filter((pid) => mark(pid))).toEqual([])
    expect(readdirSync(state.folder)).toEqual(['governor.1.lock'])
    pids.length = 0
  }
}, 600_000)
