import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { mark } from './process/process-mark.ts'
import type { ServiceSpec } from './service.ts'
import { folder } from './testing/folder.ts'
import { governingProcess } from './testing/governing-process.ts'

/** Says `up`, then counts on whenever it is sent SIGUSR2. */
const counting = `let n = 0
  process.on('SIGUSR2', () => console.log('count ' + ++n))
  console.log('up')
  setInterval(() => {}, 1e6)`
const spec = (more: Partial<ServiceSpec> = {}): ServiceSpec => ({
  name: 'a',
  command: ['node', '-e', counting],
  ready: { line: 'up' },
  onGovernorDeath: 'adopt',
  stableAfter: 0,
  backoff: { initial: 5, max: 20 },
  ...more,
})
/** A service that outlived its governor. */
const orphaned = async () => {
  const stateDir = folder(onTestFinished)
  const first = governingProcess([spec()], stateDir, onTestFinished)
  const [, pid] = await first.line(/^pid a (\d+)/)
  await first.line(/all started/)
  await first.kill()
  expect(mark(Number(pid))).toBeDefined()
  return { stateDir, pid: Number(pid) }
}

describe('adoption', () => {
  it('takes over the process, hears what it said meanwhile and says now, and replaces it once it ends', async () => {
    const { stateDir, pid } = await orphaned()
    process.kill(pid, 'SIGUSR2')

    const second = governingProcess([spec()], stateDir, onTestFinished)
    expect((await second.line(/^pid a (\d+)/))[1]).toBe(String(pid))
    await second.line(/^count 1$/)
    process.kill(pid, 'SIGUSR2')
    await second.line(/^count 2$/)
    process.kill(pid, 'SIGKILL')
    await second.line(/"service.exited".*"code":null,"signal":null/)
    const [, next] = await second.line(new RegExp(`^pid a (?!${pid}$)(\\d+)`))
    expect(mark(Number(next))).toBeDefined()

    await second.stop()
    expect(mark(Number(next))).toBeUndefined()
    expect(readdirSync(stateDir)).toEqual([])
  }, 30_000)

  it('hears that it got ready while nobody governed it', async () => {
    const stateDir = folder(onTestFinished)
    const late = spec({
      command: [
        'node',
        '-e',
        `process.on('SIGUSR2', () => console.log('up')); console.log('here'); setInterval(() => {}, 1e6)`,
      ],
    })
    const first = governingProcess([late], stateDir, onTestFinished)
    await first.line(/^here$/)
    const pid = Number((await first.line(/"service.started".*"pid":(\d+)/))[1])
    await first.kill()
    process.kill(pid, 'SIGUSR2')
    const said = () =>
      readdirSync(stateDir)
        .filter((name) => name.endsWith('.stdout'))
        .map((name) => readFileSync(join(stateDir, name), 'utf8'))
    await expect.poll(said).toEqual(['here\nup\n'])

    const second = governingProcess([late], stateDir, onTestFinished)

    expect((await second.line(/^pid a (\d+)/))[1]).toBe(String(pid))
    await second.stop()
  }, 30_000)

  it('prepares nothing for what runs already', async () => {
    const stateDir = folder(onTestFinished)
    const before = ['sh', '-c', 'echo prepared']
    const first = governingProcess([spec({ before })], stateDir, onTestFinished)
    const [, pid] = await first.line(/^pid a (\d+)/)
    await first.line(/^prepared$/)
    await first.kill()

    const second = governingProcess([spec({ before })], stateDir, onTestFinished)
    expect((await second.line(/^pid a (\d+)/))[1]).toBe(pid)
    expect(readdirSync(stateDir)).toContain('a.pid')
    process.kill(Number(pid), 'SIGKILL')
    await second.line(/^prepared$/)
    await second.stop()
  }, 30_000)

  it.each([
    ['something else is to be run', [spec({ env: { COLOUR: 'red' } })]],
    ['it shall not be taken over any more', [spec({ onGovernorDeath: 'kill' })]],
    ['there is no such service any more', [spec({ name: 'b' })]],
  ])(
    'ends it, and runs no two, when %s',
    async (_, services) => {
      const { stateDir, pid } = await orphaned()

      const second = governingProcess(services, stateDir, onTestFinished)
      const [, other] = await second.line(/^pid [ab] (\d+)/)

      expect(Number(other)).not.toBe(pid)
      expect(mark(pid)).toBeUndefined()
      await second.stop()
      expect(readdirSync(stateDir)).toEqual([])
    },
    30_000,
  )
})
