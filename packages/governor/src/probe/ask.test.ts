import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock as clock } from '@holdfast/policy'
import { fakeClock } from '@holdfast/policy/testing'
import { describe, expect, it } from 'vitest'
import { askOf } from './ask.ts'
import type { Probe } from './probe.ts'

const about = { env: { ...process.env, COLOUR: 'red' }, cwd: '/' }
const asked = (probe: Probe, within = 5_000) =>
  new Promise<string | undefined>((resolve) => {
    askOf(probe, about)!.once(resolve, { clock, within })
  })
const node = (code: string): Probe => ({ command: [process.execPath, '-e', code] })

describe('askOf', () => {
  it('runs a command where the service is and with its environment', async () => {
    const code = `process.exit(process.env.COLOUR === 'red' && process.cwd() === '/' ? 0 : 1)`

    expect(await asked(node(code))).toBeUndefined()
  })

  it('tells how a command ended, or why it could not be run', async () => {
    expect(await asked(node('process.exit(3)'))).toMatch(/ended with code 3/)
    expect(await asked({ command: ['/no/such/program'] })).toMatch(/cannot be run \(ENOENT\)/)
    expect(await asked({ command: ['a\0b'] })).toMatch(/cannot be run/)
  })

  it('kills a command that takes too long, with all that it started', async () => {
    const still = fakeClock()
    const code = `const { pid } = require('node:child_process').spawn('sleep', ['1000'])
      require('node:fs').writeFileSync(process.env.FILE, String(pid))`
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-ask-'))
    const file = join(folder, 'pid')
    const probe = node(`${code}; setInterval(() => {}, 1e6)`)
    const answered = new Promise<string | undefined>((resolve) => {
      askOf(probe, { env: { ...process.env, FILE: file } })!.once(resolve, { clock: still, within: 100 })
    })
    await expect.poll(() => existsSync(file) && readFileSync(file, 'utf8'), { timeout: 8_000 }).toMatch(/\d/)
    const pid = Number(readFileSync(file, 'utf8'))
    rmSync(folder, { recursive: true })

    await still.advance(100)

    expect(await answered).toBe('no answer within 100 ms')
    const state = () =>
      spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim()
    await expect.poll(state, { timeout: 5_000 }).toMatch(/^(Z.*)?$/)
  })

  it('takes what a function throws at once for an answer as well', async () => {
    const probe = () => {
      throw new Error('at once')
    }

    expect(await asked(probe)).toBe('at once')
  })

  it('answers once, however often something happens', async () => {
    const answers: unknown[] = []
    await new Promise<void>((resolve) => {
      askOf(async () => 'well', about)!.once(
        (flaw) => {
          answers.push(flaw)
          resolve()
        },
        { clock, within: 1 },
      )
    })
    await new Promise(setImmediate)

    expect(answers).toEqual([undefined])
  })

  it.each([{ line: 'up' }, { notify: true }, { exit: true }] as const)('cannot ask %j', (probe) => {
    expect(askOf(probe, about)).toBeUndefined()
  })
})
