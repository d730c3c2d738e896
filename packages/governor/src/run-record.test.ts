import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { mark, type ProcessMark, reapLeftovers, runRecord } from './run-record.ts'
import { childCommand } from './testing/child-command.ts'

/** A folder that is gone after the test. */
const folder = () => {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const children: ChildProcess[] = []
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
})
const born = async () => {
  const [program = '', ...args] = childCommand({ say: ['up'] })
  const child = spawn(program, args, { detached: true, stdio: ['ignore', 'pipe', 'ignore'] })
  children.push(child)
  await once(child.stdout, 'data')
  return { child, pid: child.pid! }
}
const recorded = (governor: ProcessMark, child: ProcessMark) => {
  const stateDir = folder()
  const children = [{ service: 'a', ...child }]
  writeFileSync(join(stateDir, 'run.json'), JSON.stringify({ governor, children }))
  return stateDir
}
const dead: ProcessMark = { pid: process.pid, started: 'long ago' }

describe('runRecord', () => {
  it('holds who lives, and is gone with the last of them', async () => {
    const stateDir = join(folder(), 'new', 'state')
    const { pid } = await born()
    const record = runRecord(stateDir)

    record.add('a', pid)
    expect(JSON.parse(readFileSync(join(stateDir, 'run.json'), 'utf8'))).toEqual({
      governor: mark(process.pid),
      children: [{ service: 'a', ...mark(pid) }],
    })
    record.remove('a')
    expect(existsSync(join(stateDir, 'run.json'))).toBe(false)
  })
})

describe('reapLeftovers', () => {
  it('ends what a dead governor left', async () => {
    const { child, pid } = await born()
    const exit = once(child, 'exit')
    const stateDir = recorded(dead, mark(pid)!)

    expect(await reapLeftovers(stateDir)).toEqual({ is: 'reaped', services: ['a'] })
    expect(await exit).toEqual([null, 'SIGKILL'])
    expect(existsSync(join(stateDir, 'run.json'))).toBe(false)
  })

  it('spares a process that only has the same number (I1)', async () => {
    const { child, pid } = await born()

    expect(await reapLeftovers(recorded(dead, { pid, started: 'before' }))).toEqual({
      is: 'reaped',
      services: [],
    })
    expect(child.exitCode ?? child.signalCode).toBeNull()
    expect(mark(pid)).toBeDefined()
  })

  it('spares the children of a governor that lives (I2)', async () => {
    const { pid } = await born()
    const stateDir = recorded(mark(process.pid)!, mark(pid)!)

    expect(await reapLeftovers(stateDir)).toEqual({ is: 'running', pid: process.pid })
    expect(mark(pid)).toBeDefined()
    expect(existsSync(join(stateDir, 'run.json'))).toBe(true)
  })

  it.each(['', 'null', '{"governor":{}}', '{"governor":{"pid":1,"started":"x"},"children":[{"pid":"1"}]}'])(
    'takes the record %j for none',
    async (text) => {
      const stateDir = folder()
      writeFileSync(join(stateDir, 'run.json'), text)

      expect(await reapLeftovers(stateDir)).toEqual({ is: 'reaped', services: [] })
    },
  )
})

describe('mark', () => {
  it('is the same for one process, and none for no process', async () => {
    const { child, pid } = await born()
    const first = mark(pid)

    expect(first).toEqual(mark(pid))
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(mark(pid)).toBeUndefined()
  })
})
