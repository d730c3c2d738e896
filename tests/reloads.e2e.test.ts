import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { reloadFile, steerService } from '@holdfast/runtime'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  freePorts,
  holdfast,
  lives,
  type RunningHoldfast,
  runningHoldfast,
} from './harness/running-holdfast.ts'

const names = Array.from({ length: 20 }, (_, n) => `s${n}`)

/** Twenty services behind a gateway that answers from a rule. */
const yaml = ([gateway, control]: readonly number[]): string => `
gateway: { listen: 127.0.0.1:${gateway} }
control: { listen: 127.0.0.1:${control} }
rules: [{ match: ., answer: later }]
chains: { default: [rules] }
services:
${names.map((name) => `  ${name}: { command: sleep 1000 }`).join('\n')}
`

describe('a running Holdfast', () => {
  let ports: readonly number[]
  let running: RunningHoldfast
  let file: string
  beforeAll(async () => {
    ports = await freePorts(2)
    running = await runningHoldfast(yaml(ports), ports[1]!)
    file = join(running.folder, 'holdfast.yaml')
  })
  afterAll(() => running[Symbol.asyncDispose]())

  const edit = (pattern: string | RegExp, to: string): string => {
    const before = readFileSync(file, 'utf8')
    writeFileSync(file, before.replace(pattern, to))
    return before
  }
  const pids = async (): Promise<Record<string, number | undefined>> => {
    const { services, processes } = await running.status()
    return Object.fromEntries([...services, processes.edge].map(({ name, pid }) => [name, pid]))
  }
  const changed = async (before: Record<string, number | undefined>): Promise<string[]> => {
    const after = await pids()
    return Object.keys({ ...before, ...after }).filter((name) => after[name] !== before[name])
  }

  it('replaces, adds and removes what was edited among twenty services, and touches nothing else', async () => {
    const before = await pids()

    edit('s7: { command: sleep 1000 }', 's7: { command: sleep 2000 }')
    edit('s3: { command: sleep 1000 }', 'more: { command: sleep 1000 }')
    const { code, out, err } = await holdfast(['reload'], running.folder)

    const told = 'the file was read again: added more; removed s3; replaced s7; 19 untouched\n'
    expect({ code, out }).toEqual({ code: 0, out: told })
    expect(err).toMatch(/^ {2}s7 ended \(SIGTERM\)/m)
    expect((await changed(before)).toSorted()).toEqual(['more', 's3', 's7'])
    expect([before['s7']!, before['s3']!, (await pids())['s7']!].map(lives)).toEqual([false, false, true])
    const health = async () => {
      const answer = await fetch(`http://127.0.0.1:${ports[1]}/api/v1/health`)
      const { components } = (await answer.json()) as { components: { name: string; level: string }[] }
      return ['more', 's3'].map((each) => components.find(({ name }) => name === each)?.level)
    }
    await expect.poll(health).toEqual(['healthy', undefined])
  })

  it('says what is wrong with the file, where, and goes on as it was', async () => {
    const before = await pids()

    const right = edit(/$/, '  s20: { comand: sleep 1000 }\n')
    running.child.kill('SIGHUP')
    const [asked, told] = await Promise.all([
      reloadFile(file).catch((error: unknown) => error),
      running.line(/nothing was changed: /),
    ])
    writeFileSync(file, right)

    const line = right.split('\n').length
    const complaint = new RegExp(`^holdfast\\.yaml:${line}:10 .*did you mean 'command'`, 'm')
    expect(asked).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(complaint) })
    expect(told).toContain(`holdfast.yaml:${line}:`)
    expect(await changed(before)).toEqual([])
  })

  it('serves the new answers after a SIGHUP, and refuses nobody meanwhile', async () => {
    const ask = async (): Promise<string> => {
      const body = JSON.stringify({ model: 'default', messages: [{ role: 'user', content: 'hi' }] })
      const answer = await fetch(`http://127.0.0.1:${ports[0]}/v1/chat/completions`, {
        method: 'POST',
        // An idle connection may be closed in the moment in which it is used again.
        headers: { connection: 'close' },
        body,
      })
      return /later|sooner/.exec(await answer.text())![0]
    }
    const before = await pids()
    expect(await ask()).toBe('later')

    edit('answer: later', 'answer: sooner')
    running.child.kill('SIGHUP')
    let over = false
    const reloaded = running.line(/read again: replaced edge; 20 untouched/).then(() => {
      over = true
    })
    while (!over) await ask()
    await reloaded

    expect(await ask()).toBe('sooner')
    expect(await changed(before)).toEqual(['edge'])
  })

  it('stops, starts and restarts one service when it is told to, and a stopped one stays so', async () => {
    const { s1: first } = await pids()

    const stopped = await holdfast(['stop', 's1'], running.folder)
    const { level } = await running.status()
    edit(/^ {2}s5: .*$/m, '  s5: { command: "false", ready: "line:up", backoff: { initial: 1h, max: 1h } }')
    const [reloaded, unknown] = await Promise.all([
      holdfast(['reload'], running.folder),
      holdfast(['stop', 's55'], running.folder),
    ])
    const { services } = await running.status()

    expect(stopped).toMatchObject({ code: 0, out: 's1 has stopped, and stays so until it is started\n' })
    expect(level).toBe('healthy')
    expect(reloaded).toMatchObject({ code: 2, err: expect.stringMatching(/^s5 is not ready: /m) })
    expect(unknown).toEqual({ code: 1, out: '', err: "there is no service 's55'; did you mean 's5'?\n" })
    expect(services.find(({ name }) => name === 's1')).toMatchObject({ state: { is: 'stopped' } })
    expect(lives(first!)).toBe(false)

    expect(await steerService(file, { act: 'start', name: 's1' })).toEqual({ ready: ['s1'], failed: [] })
    const { s1: second } = await pids()
    const restarted = await holdfast(['restart', 's1', '--json'], running.folder)
    const { s1: third } = await pids()

    expect(restarted).toMatchObject({ code: 0, err: '' })
    expect(JSON.parse(restarted.out)).toEqual({ act: 'restart', service: 's1', ready: ['s1'], failed: [] })
    expect([second!, third!].map(lives)).toEqual([false, true])
  })
})
