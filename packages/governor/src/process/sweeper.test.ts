import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { fakeClock } from '@holdfast/policy/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { childCommand } from '../testing/child-command.ts'
import { type Marked, markedByPs, markedInProc } from './marked.ts'
import { mark } from './process-mark.ts'
import { sweeper } from './sweeper.ts'
import { type Unit, unitText, unitVariable } from './unit.ts'

const children: ChildProcess[] = []
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
})
const governor = () => randomBytes(12).toString('hex')
const unit = (id: string, run = 'a-1'): Unit => ({
  governor: id,
  onGovernorDeath: 'kill',
  service: 'ai',
  run,
})
/** A process with these variables. */
const born = async (env: Record<string, string>) => {
  const [program = '', ...args] = childCommand({ say: ['up'] })
  const child = spawn(program, args, { detached: true, env, stdio: ['ignore', 'pipe', 'ignore'] })
  children.push(child)
  await once(child.stdout, 'data')
  return { pid: child.pid!, exit: once(child, 'exit') }
}

describe.each([
  ['markedInProc', markedInProc],
  ['markedByPs', markedByPs],
])('%s', (_, find) => {
  it('finds those with a mark of the governor, wherever it stands, and no others', async () => {
    const id = governor()
    const first = await born({ [unitVariable]: unitText(unit(id)) })
    const second = await born({
      FILL: 'x'.repeat(100_000),
      [unitVariable]: `${unitText(unit('cd'))} ${unitText(unit(id, 'a-2'))}`,
    })
    await born({ [unitVariable]: unitText(unit(governor())) })
    await born({ [`${unitVariable}S`]: unitText(unit(id)), OTHER: `${unitText(unit(id))}` })

    const found = await find(id)

    expect([...found].sort((one, other) => one.pid - other.pid)).toEqual(
      [
        { pid: first.pid, group: first.pid, unit: unit(id) },
        { pid: second.pid, group: second.pid, unit: unit(id, 'a-2') },
      ].sort((one, other) => one.pid - other.pid),
    )
  })
})

describe('sweeper', () => {
  it('kills what is wanted, spares the rest, and is done when it is gone (I3)', async () => {
    const id = governor()
    const old = await born({ [unitVariable]: unitText(unit(id, 'a-1')) })
    const present = await born({ [unitVariable]: unitText(unit(id, 'a-2')) })

    expect(await sweeper({ governor: id }).end(({ unit: { run } }) => run === 'a-1')).toEqual([])

    expect(await old.exit).toEqual([null, 'SIGKILL'])
    expect(await markedInProc(id)).toMatchObject([{ pid: present.pid }])
  })

  it('waits for those whose mark vanished before they died (I4)', async () => {
    const { pid } = await born({})
    const looks: readonly Marked[][] = [[{ pid, group: pid, unit: unit('ab') }]]
    let look = 0

    await sweeper({ governor: 'ab', find: async () => looks[look++] ?? [] }).end(() => true)

    expect(mark(pid)).toBeUndefined()
  })

  it('says which survive', async () => {
    const clock = fakeClock()
    const immortal: Marked = { pid: 2 ** 22 + 1, group: 1, unit: unit('ab') }
    let over = false
    const ending = sweeper({ governor: 'ab', clock, find: async () => [immortal] }).end(() => true)
    void ending.then(() => {
      over = true
    })
    while (!over) await clock.advance(50)

    expect(await ending).toEqual([immortal.pid])
  })

  it('looks once for all who ask together, and never twice at a time (I1, I2)', async () => {
    let looks = 0
    let under = 0
    let most = 0
    const sweep = sweeper({
      governor: 'ab',
      clock: fakeClock(),
      find: async () => {
        looks += 1
        most = Math.max(most, ++under)
        await new Promise(setImmediate)
        under -= 1
        return []
      },
    })

    await Promise.all(Array.from({ length: 200 }, () => sweep.end(() => true)))
    expect(looks).toBe(1)
    const first = sweep.end(() => true)
    while (under === 0) await new Promise(setImmediate)
    await Promise.all([first, sweep.end(() => true), sweep.end(() => true)])
    expect([looks, most]).toEqual([3, 1])
  })

  it('rests nine times as long as it looked, unless somebody is in a hurry (I2)', async () => {
    const clock = fakeClock()
    let looks = 0
    const sweep = sweeper({
      governor: 'ab',
      clock,
      find: async () => {
        looks += 1
        await clock.advance(10)
        return []
      },
    })
    await sweep.end(() => true)
    const second = sweep.end(() => true)
    await clock.advance(89)
    expect(looks).toBe(1)
    await clock.advance(1)
    await second
    expect(looks).toBe(2)

    const third = sweep.end(() => true)
    sweep.hurry()
    await third
    expect(looks).toBe(3)
  })
})
