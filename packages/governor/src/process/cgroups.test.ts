import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { cgroups, ownCgroup } from './cgroups.ts'
import { mark } from './process-mark.ts'
import type { Unit } from './unit.ts'

const governor = () => randomBytes(12).toString('hex')

/** What holds where this process may make control groups; elsewhere that none are made is all there is to hold. */
const usable = ownCgroup() !== undefined

describe('cgroups', () => {
  it('hold also what left its group and dropped its environment', async () => {
    const id = governor()
    const groups = cgroups({ governor: id })
    expect(groups !== undefined).toBe(usable)
    const child = spawn('sh', ['-c', 'read go; env -i setsid sleep 1000 & echo $!; sleep 1000'], {
      detached: true,
    })
    const unit: Unit = { governor: id, onGovernorDeath: 'kill', service: 'a/b', run: 'a-1' }
    groups?.enter(unit, child.pid!)
    const entered = () => /holdfast-/.test(readFileSync(`/proc/${child.pid}/cgroup`, 'utf8'))
    if (usable) await expect.poll(entered).toBe(true)
    child.stdin.write('go\n')
    const escaped = Number(await once(child.stdout, 'data'))
    const exit = once(child, 'exit')

    await groups?.end(({ run }) => run === 'other')
    expect(mark(escaped)).toBeDefined()
    await groups?.end(({ run }) => run === 'a-1')

    expect(mark(escaped) === undefined).toBe(usable)
    expect(groups && existsSync(groups.folder)).not.toBe(true)
    if (!usable) for (const pid of [escaped, child.pid!]) process.kill(pid, 'SIGKILL')
    await exit
  })

  it('are done without where none may be made', () => {
    expect(cgroups({ governor: governor(), own: undefined }) === undefined).toBe(!usable)
    const groups = cgroups({ governor: governor(), own: '/proc/nowhere' })!
    groups.enter({ governor: 'ab', onGovernorDeath: 'kill', service: 'a', run: 'a-1' }, process.pid)

    return expect(groups.end(() => true)).resolves.toBeUndefined()
  })
})
