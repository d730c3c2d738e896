import { seededRandom } from '@holdfast/policy/testing'
import { expect, it } from 'vitest'
import { answerTo } from '../examples/quickstart/answers.ts'
import { chainFile } from './harness/chain-file.ts'
import { ask, type Fate } from './harness/chat-client.ts'
import { freePorts, type RunningHoldfast, runningHoldfast } from './harness/running-holdfast.ts'

const question = 'Why do retries need jitter?'
const kills = 30

it('answers all but what the killed edge had in hand while providers and edge are killed 30 times', async () => {
  const ports = await freePorts(4)
  const [gateway, control] = ports as [number, number]
  await using holdfast = await runningHoldfast(chainFile({ ports, openFor: '100ms', failures: 20 }), control)
  await holdfast.line(/primary is ready/)
  await holdfast.line(/secondary is ready/)
  const random = seededRandom(9)
  const edgeKilled: number[] = []
  const told: { readonly fate: Fate; readonly from: number; readonly to: number }[] = []
  let killing = true
  const client = async (stream: boolean): Promise<void> => {
    while (killing) {
      const from = performance.now()
      const fate = await ask({ port: gateway, question, stream })
      told.push({ fate, from, to: performance.now() })
    }
  }

  const clients = [true, false].map(client)
  for (let kill = 0; kill < kills; kill++) {
    const victim = (['primary', 'secondary', 'edge'] as const)[Math.floor(random() * 3)]!
    await killed(holdfast, victim, () => {
      if (victim === 'edge') edgeKilled.push(performance.now())
    })
  }
  killing = false
  await Promise.all(clients)

  const inHand = ({ from, to }: { from: number; to: number }): boolean =>
    edgeKilled.some((at) => from <= at && at <= to)
  const text = answerTo(question)
  expect(told.filter(({ fate }) => fate.is === 'truncated')).toEqual([])
  expect(
    told.filter(({ fate }) => fate.is === 'answered' && fate.text !== text && fate.by !== 'rules'),
  ).toEqual([])
  expect(told.filter((each) => each.fate.is !== 'answered' && !inHand(each))).toEqual([])
  expect(told.filter(({ fate }) => fate.is === 'answered').length).toBeGreaterThan(kills)
  expect(holdfast.lines.filter((line) => /ended \(SIGKILL\)/.test(line))).toHaveLength(kills)
}, 90_000)

/** Kills a process with -9 and waits until its governor has brought it back. */
async function killed(
  holdfast: RunningHoldfast,
  name: 'primary' | 'secondary' | 'edge',
  now: () => void,
): Promise<void> {
  const { services, processes } = await holdfast.status()
  const { pid } = name === 'edge' ? processes.edge : services.find((service) => service.name === name)!
  const readiness = new RegExp(`holdfast \\| ${name} is ready`)
  const before = holdfast.lines.filter((line) => readiness.test(line)).length
  now()
  process.kill(pid!, 'SIGKILL')
  await holdfast.line(readiness, before + 1)
}
