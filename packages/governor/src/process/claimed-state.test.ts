import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { childCommand } from '../testing/child-command.ts'
import { folder } from '../testing/folder.ts'
import { claimState } from './claimed-state.ts'
import { writePidFile } from './pid-file.ts'
import { mark } from './process-mark.ts'
import { type OnGovernorDeath, type Unit, unitText, unitVariable } from './unit.ts'

/** A state directory whose governor died. */
const abandoned = () => {
  const path = folder(onTestFinished)
  const governor = randomBytes(12).toString('hex')
  symlinkSync(`${process.pid} ${governor} long ago`, join(path, 'governor.1.lock'))
  const unit = (onGovernorDeath: OnGovernorDeath): Unit => ({
    governor,
    onGovernorDeath,
    service: 'ai',
    run: 'a-1',
  })
  return { path, unit }
}
const born = async (marked?: Unit) => {
  const [program = '', ...args] = childCommand({ say: ['up'] })
  const env = marked ? { [unitVariable]: unitText(marked) } : {}
  const child = spawn(program, args, { detached: true, env, stdio: ['ignore', 'pipe', 'ignore'] })
  const exit = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exit
  })
  await once(child.stdout, 'data')
  return { pid: child.pid!, exit, mark: mark(child.pid!)! }
}
const about = { spec: '', ready: true }

describe('claimState', () => {
  it('ends what its PID file proves to be ours, though it hides its mark', async () => {
    const { path, unit } = abandoned()
    const leader = await born()
    writePidFile(path, { ...leader.mark, ...about, unit: unit('kill') })

    using state = await claimState(path)

    expect(await leader.exit).toEqual([null, 'SIGKILL'])
    expect(state.ended).toEqual(['ai'])
    expect(readdirSync(path)).toEqual(['governor.2.lock'])
  })

  it('ends what its mark proves to be ours, without any PID file', async () => {
    const { path, unit } = abandoned()
    const stray = await born(unit('kill'))

    using state = await claimState(path)

    expect(await stray.exit).toEqual([null, 'SIGKILL'])
    expect(state.ended).toEqual(['ai'])
  })

  it('spares a stranger with the same number, and one with the mark of another governor', async () => {
    const { path, unit } = abandoned()
    const reused = await born()
    const other = await born({ ...unit('kill'), governor: randomBytes(12).toString('hex') })
    writePidFile(path, { ...about, pid: reused.pid, started: 'before', unit: unit('kill') })

    using state = await claimState(path)

    expect(state.ended).toEqual([])
    expect([mark(reused.pid), mark(other.pid)]).toEqual([reused.mark, other.mark])
    expect(readdirSync(path)).toEqual(['governor.2.lock'])
  })

  it('keeps what is to be taken over, and ends what an earlier run of it left', async () => {
    const { path, unit } = abandoned()
    const present = { ...unit('adopt'), run: 'a-2' }
    const leader = await born(present)
    const stray = await born(unit('adopt'))
    writePidFile(path, { ...leader.mark, ...about, unit: present })

    using state = await claimState(path)

    expect(await stray.exit).toEqual([null, 'SIGKILL'])
    expect(state.left).toEqual(new Map([['ai', { ...leader.mark, ...about, unit: present, lives: true }]]))
    expect(mark(leader.pid)).toEqual(leader.mark)
  })

  it('refuses beside a governor that lives, and touches nothing of its', async () => {
    const path = folder(onTestFinished)
    using state = await claimState(path)
    const child = await born({ governor: state.governor, onGovernorDeath: 'kill', service: 'ai', run: 'a-1' })

    await expect(claimState(path)).rejects.toMatchObject({ code: 'ALREADY_RUNNING' })
    expect(mark(child.pid)).toEqual(child.mark)
  })
})
