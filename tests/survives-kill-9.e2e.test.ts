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
  for (let done = 0; done < kills; ) {
    const provider = random() < 0.5 ? 'primary' : 'secondary'
    const victims: Victim[] = ([['edge'], [provider], [provider, 'edge']] satisfies Victim[][])[
      Math.floor(random() * 3)
    ]!.slice(0, kills - done)
    done += victims.length
    await killed(holdfast, victims, () => {
      if (victims.includes('edge')) edgeKilled.push(performance.now())
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

type Victim = 'primary' | 'secondary' | 'edge'

/** Kills processes with -9, in one moment, and waits until their governor has brought them back. */
async function killed(holdfast: RunningHoldfast, victims: readonly Victim[], now: () => void): Promise<void> {
  const { services, processes } = await holdfast.status()
  const targets = victims.map((name) => {
    const { pid } = name === 'edge' ? processes.edge : services.find((service) => service.name === name)!
    const readiness = new RegExp(` holdfast ${name} is ready`)
    return { pid: pid!, readiness, before: holdfast.lines.filter((line) => readiness.test(line)).length }
  })
  now()
  for (const { pid } of targets) process.kill(pid, 'SIGKILL')
  await Promise.all(targets.map(({ readiness, before }) => holdfast.line(readiness, before + 1)))
}
