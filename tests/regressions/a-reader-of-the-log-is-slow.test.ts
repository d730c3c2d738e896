import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePorts, type RunningHoldfast, runningHoldfast } from '../harness/running-holdfast.ts'

const script = join(import.meta.dirname, '../harness/log-burst/talker.ts')
const count = 100_000

/** Nearly a third of a million lines was dropped for a reader who read, and 336 MB were held for one who did not. */
describe('holdfast up whose service says 100,000 lines at once', () => {
  let running: RunningHoldfast
  let service: number
  const say = async (lines: number): Promise<string> =>
    (await fetch(`http://127.0.0.1:${service}/?lines=${lines}`)).text()
  const told = (): number[] =>
    running.lines.flatMap((line) => /line (\d+) of what/.exec(line)?.[1] ?? []).map(Number)
  /** Has the service say one line more, until it is read. */
  const marked = async (): Promise<void> => {
    await say(1)
    while (!/line 0 of/.test(running.lines.at(-1) ?? '')) await once(running.child.stdout!, 'data')
  }

  beforeAll(async () => {
    const [gateway, control, port] = (await freePorts(3)) as [number, number, number]
    service = port
    running = await runningHoldfast(
      `
gateway: { listen: 127.0.0.1:${gateway} }
control: { listen: 127.0.0.1:${control} }
services:
  talker: { command: [node, "${script}"], listen: 127.0.0.1:${port}, ready: http:/ }
`,
      control,
    )
  }, 20_000)
  afterAll(() => running[Symbol.asyncDispose]())

  it('loses no line and no order while somebody reads', async () => {
    await say(count)
    await marked()

    expect(told()).toEqual([...Array.from({ length: count }, (_, n) => n), 0])
  }, 20_000)

  it('lets the service go on when nobody reads, and says how many lines are missing', async () => {
    const before = told().length
    const lost = (): number =>
      running.lines
        .flatMap((line) => /(\d+) lines are missing/.exec(line)?.[1] ?? [])
        .reduce((sum, each) => sum + Number(each), 0)
    running.child.stdout!.pause()
    await say(count)
    running.child.stdout!.resume()
    while (told().length - before + lost() < count) await once(running.child.stdout!, 'data')

    expect(lost()).toBeGreaterThan(0)
    expect(told().length - before + lost()).toBe(count)
  }, 20_000)

  it('outlives a reader that leaves', async () => {
    const { pid } = (await running.status()).services.find(({ name }) => name === 'talker')!
    running.child.stdout!.destroy()

    await say(count)
    await say(1)

    const { services } = await running.status()
    expect(services).toMatchObject([{ name: 'talker', pid, restarts: 0, state: { is: 'ready' } }])
  }, 20_000)
})
