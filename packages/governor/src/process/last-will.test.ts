import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { childCommand } from '../testing/child-command.ts'
import { lastWill } from './last-will.ts'
import { mark } from './process-mark.ts'
import { type OnGovernorDeath, unitText, unitVariable } from './unit.ts'

const gone = (pid: number) => expect.poll(() => mark(pid), { timeout: 8_000 }).toBeUndefined()
/** A process that makes a last will, and starts a family whose leader is either named in the will, or only marked. */
const testator = async (onGovernorDeath: OnGovernorDeath, named: boolean) => {
  const governor = randomBytes(12).toString('hex')
  const env = { [unitVariable]: unitText({ governor, onGovernorDeath, service: 'ai', run: 'a-1' }) }
  const program = `
    import { spawn } from 'node:child_process'
    import { lastWill } from ${JSON.stringify(import.meta.resolve('./last-will.ts'))}
    import { mark } from ${JSON.stringify(import.meta.resolve('./process-mark.ts'))}
    const will = lastWill({ governor: '${governor}', failed: console.error })
    const [program, ...args] = ${JSON.stringify(childCommand({ family: true }))}
    const child = spawn(program, args, {
      detached: true, stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, ...${JSON.stringify(named ? {} : env)} },
    })
    will.add(mark(${named ? 'child.pid' : 'process.pid'}))
    child.stdout.once('data', (said) => process.stdout.write(said))`
  const args = ['--conditions=@holdfast/source', '--input-type=module', '-e', program]
  const born = spawn(process.execPath, args, { detached: true, stdio: ['ignore', 'pipe', 'inherit'] })
  const [said] = await once(born.stdout, 'data')
  const pids = [...String(said).matchAll(/\d+/g)].map(Number)
  return { born, pids, exit: once(born, 'exit') }
}

describe('lastWill', () => {
  it.each([true, false])(
    'kills the group that was named, or all that is marked, at once (named: %s)',
    async (named) => {
      const { born, pids, exit } = await testator('kill', named)
      expect(pids.map(mark)).not.toContain(undefined)

      born.kill('SIGKILL')
      await exit

      // What is only named is a group: what left it is known by its mark alone.
      for (const pid of named ? pids.slice(0, 2) : pids) await gone(pid)
      for (const pid of pids) if (mark(pid)) process.kill(pid, 'SIGKILL')
    },
  )

  it('spares what is marked to live on', async () => {
    const { born, pids, exit } = await testator('adopt', false)

    born.kill('SIGKILL')
    await exit
    const { pids: others, born: other, exit: otherExit } = await testator('kill', false)
    other.kill('SIGKILL')
    await otherExit
    for (const pid of others) await gone(pid)

    expect(pids.map(mark)).not.toContain(undefined)
    for (const pid of pids) process.kill(pid, 'SIGKILL')
  })

  it('leaves no process when it is revoked, and can be made again', async () => {
    const will = lastWill({ governor: 'ab', failed: () => {} })

    for (let round = 0; round < 3; round++) {
      will.add(mark(process.pid)!)
      await will.revoke()
    }
    await will.revoke()

    const { stdout } = spawn('ps', ['-o', 'args=', '--ppid', String(process.pid)])
    expect((await stdout.toArray()).join('')).not.toContain('holdfast-last-will')
  })
})
