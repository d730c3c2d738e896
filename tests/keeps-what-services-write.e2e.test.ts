import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { freePorts, holdfast, type RunningHoldfast, runningHoldfast } from './harness/running-holdfast.ts'

const command = join(import.meta.dirname, '../packages/cli/bin/holdfast.cjs')
const body = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj'

/** Its first run dies inside a private key; the others stay, and say a word that might stand in one. */
const talker = `
  const { existsSync, writeFileSync } = require('node:fs')
  if (existsSync('died')) console.log('started'), setInterval(() => {}, 1e6)
  else {
    writeFileSync('died', '')
    console.log('password=hunter2x\\n-----BEGIN PRIVATE KEY-----\\n${body}')
    console.error('ERROR: boom')
    process.exitCode = 1
  }`

describe('holdfast logs', () => {
  let running: RunningHoldfast
  const logs = (...args: string[]) => holdfast(['logs', ...args], running.folder)
  /** The command, running on, and a way to wait for what it says. */
  const begun = (...args: string[]) => {
    const child: ChildProcess = spawn(process.execPath, [command, ...args], {
      cwd: running.folder,
      env: { ...process.env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = once(child, 'exit')
    onTestFinished(async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill()
      await exited
    })
    const said: string[] = []
    const looks = new Set<() => void>()
    createInterface({ input: child.stdout! }).on('line', (line) => {
      said.push(line)
      for (const look of looks) look()
    })
    const heard = (text: string, count = 1) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (said.filter((line) => line.includes(text)).length >= count) resolve()
        }
        looks.add(look)
        look()
      })
    return { child, exited, heard }
  }

  beforeAll(async () => {
    const [gateway, control] = (await freePorts(2)) as [number, number]
    running = await runningHoldfast(
      `
gateway: { listen: 127.0.0.1:${gateway} }
control: { listen: 127.0.0.1:${control} }
services:
  talker:
    command: [node, -e, ${JSON.stringify(talker)}]
    ready: line:started
    backoff: { initial: 10ms, max: 20ms }
`,
      control,
    )
    await running.line(/talker started/)
  }, 20_000)
  afterAll(() => running[Symbol.asyncDispose]())

  it('shows what a service wrote, of all its runs, without secrets, for machines too', async () => {
    const { code, out } = await logs('talker', '--json')
    const records = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))

    expect(code).toBe(0)
    expect(records.map(({ stream, level, msg }) => `${stream} ${level} ${msg}`).toSorted()).toEqual([
      'stderr error ERROR: boom',
      'stdout info [redacted]',
      'stdout info password=[redacted]',
      'stdout info started',
    ])
    const folder = join(running.folder, '.holdfast/logs')
    const kept = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
    expect(kept.join('')).not.toMatch(/hunter2x|MIIEv/)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
  }, 15_000)

  it('says which there are for one that is not', async () => {
    expect(await logs('nobody')).toMatchObject({ code: 1, err: expect.stringContaining('talker') })
    expect((await logs('--level', 'loud')).code).not.toBe(0)
  }, 15_000)

  it('shows them after a kill -9 too, and follows into the next Holdfast until Ctrl-C', async () => {
    const following = begun('logs', '-f', '-n', '1', 'talker')
    await following.heard('talker started')
    running.child.kill('SIGKILL')
    await once(running.child, 'exit')
    expect((await logs('talker', '--level', 'error')).out).toMatch(/^\S+ error talker ERROR: boom\n$/)

    const next = begun('up')
    await following.heard('talker started', 2)
    following.child.kill('SIGINT')
    expect(await following.exited).toEqual([0, null])
    next.child.kill('SIGTERM')
    expect(await next.exited).toEqual([0, null])
  }, 20_000)
})
