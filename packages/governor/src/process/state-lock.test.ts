import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { folder } from '../testing/folder.ts'
import { mark } from './process-mark.ts'
import { stateLock } from './state-lock.ts'

const id = 'f'.repeat(24)
const dead = `${process.pid} ${id} long ago`
/** Takes a lock in a process of its own, says which governor it is or why not, and waits for a line. */
const contender = (path: string) => {
  const program = `
    import { stateLock } from ${JSON.stringify(import.meta.resolve('./state-lock.ts'))}
    process.stdin.once('data', () => {
      try {
        console.log('held ' + stateLock(${JSON.stringify(path)}).governor)
      } catch (error) {
        console.log(error.code)
      }
    })
    console.log('here')`
  const args = ['--conditions=@holdfast/source', '--input-type=module', '-e', program]
  return spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
}

describe('stateLock', () => {
  it('makes the folder, holds it, and leaves nothing in it', () => {
    const path = join(folder(onTestFinished), 'new', 'state')
    const lock = stateLock(path)

    expect(readdirSync(path)).toEqual(['governor.1.lock'])
    expect(() => stateLock(path)).toThrow(`a governor already runs in ${path} (pid ${process.pid})`)
    lock.release()
    expect(readdirSync(path)).toEqual([])
    expect(stateLock(path).governor).not.toBe(lock.governor)
  })

  it('succeeds a dead holder, as the same governor', () => {
    const path = folder(onTestFinished)
    symlinkSync(dead, join(path, 'governor.7.lock'))

    expect(stateLock(path).governor).toBe(id)
    expect(readdirSync(path)).toEqual(['governor.8.lock'])
  })

  it('refuses while any lives, whatever its number (I2)', () => {
    const path = folder(onTestFinished)
    symlinkSync(`${process.pid} ${id} ${mark(process.pid)!.started}`, join(path, 'governor.1.lock'))
    symlinkSync(dead, join(path, 'governor.2.lock'))

    expect(() => stateLock(path)).toThrow(expect.objectContaining({ code: 'ALREADY_RUNNING' }))
  })

  it('takes what is no lock for none', () => {
    const path = folder(onTestFinished)
    writeFileSync(join(path, 'governor.3.lock'), 'rubbish')
    symlinkSync('rubbish', join(path, 'governor.4.lock'))
    writeFileSync(join(path, 'governor.x.lock'), '')

    stateLock(path)
    expect(readdirSync(path).sort()).toEqual(['governor.5.lock', 'governor.x.lock'])
  })

  it('says that a folder cannot be used', () => {
    expect(() => stateLock('/dev/null/state')).toThrow(
      expect.objectContaining({ code: 'STATE_UNUSABLE', message: expect.stringContaining('ENOTDIR') }),
    )
  })

  it('is held by one of several who find a dead holder at the same moment (I1)', async () => {
    const path = folder(onTestFinished)
    symlinkSync(dead, join(path, 'governor.1.lock'))
    const contenders = Array.from({ length: 6 }, () => contender(path))
    await Promise.all(contenders.map(({ stdout }) => once(stdout, 'data')))

    const answers = Promise.all(
      contenders.map(async ({ stdout }) => String(await once(stdout, 'data')).trim()),
    )
    for (const { stdin } of contenders) stdin.write('go\n')

    expect((await answers).sort()).toEqual([...Array(5).fill('ALREADY_RUNNING'), `held ${id}`])
    expect(readdirSync(path)).toHaveLength(1)
    for (const each of contenders) each.kill('SIGKILL')
    await Promise.all(contenders.map((each) => once(each, 'exit')))
    expect(stateLock(path).governor).toBe(id)
  })
})
