import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it, onTestFinished } from 'vitest'
import { processUsage, psRows } from './process-usage.ts'

describe('processUsage', () => {
  it('sums the memory of a group, and has nothing of one without members', async () => {
    const code = `require('node:child_process').spawn(process.execPath, ['-e', "console.log(1); setInterval(() => {}, 1e6)"],
      { stdio: ['ignore', 'inherit', 'ignore'] }); setInterval(() => {}, 1e6)`
    const { pid, stdout } = spawn(process.execPath, ['-e', code], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    onTestFinished(() => void process.kill(-pid!, 'SIGKILL'))
    await once(stdout!, 'data')

    const found = await processUsage([pid!, 4_194_304])

    expect([...found.keys()]).toEqual([pid])
    // Two of Node's processes.
    expect(found.get(pid!)!.memory).toBeGreaterThan(50e6)
    expect(found.get(pid!)!.memory).toBeLessThan(1e9)
  })

  it('looks at nothing when it is asked for nothing', async () => {
    expect(await processUsage([])).toEqual(new Map())
  })
})

describe('psRows', () => {
  it('reads kilobytes, and times with hours and days', () => {
    expect(psRows('  12  2048 01:02:03\n 7 4 1-00:00:01\n\n')).toEqual([
      { group: 12, memory: 2_097_152, cpu: 3_723 },
      { group: 7, memory: 4_096, cpu: 86_401 },
    ])
  })
})
