import { setInterval } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { answerTo } from '../examples/quickstart/answers.ts'
import { behave, chainFile } from './harness/chain-file.ts'
import { ask, type Fate } from './harness/chat-client.ts'
import { freePorts, runningHoldfast } from './harness/running-holdfast.ts'

const question = 'What is a circuit breaker?'
const rule = 'The models are away.'

it('answers 300 requests at 20/s whole while the primary, then the secondary too, fail and are mended', async () => {
  const ports = await freePorts(4)
  const [gateway, control, primary, secondary] = ports as [number, number, number, number]
  await using holdfast = await runningHoldfast(chainFile({ ports, openFor: '1s', failures: 3 }), control)
  await holdfast.line(/primary is ready/)
  await holdfast.line(/secondary is ready/)
  const turns: Readonly<Record<number, () => Promise<void>>> = {
    75: () => behave(primary, 'fail'),
    150: () => behave(secondary, 'fail'),
    225: async () => {
      await behave(primary, 'ok')
      await behave(secondary, 'ok')
    },
  }

  const asked: Promise<Fate>[] = []
  for await (const _ of setInterval(50)) {
    await turns[asked.length]?.()
    asked.push(ask({ port: gateway, question, stream: asked.length % 2 === 0 }))
    if (asked.length === 300) break
  }
  const fates = await Promise.all(asked)

  expect(fates.filter(({ is }) => is !== 'answered')).toEqual([])
  const by = fates.map((fate) => (fate.is === 'answered' ? fate.by : fate.is))
  const expected = { primary: answerTo(question), secondary: answerTo(question), rules: rule } as Readonly<
    Record<string, string>
  >
  expect(fates.filter((fate) => fate.is === 'answered' && fate.text !== expected[fate.by])).toEqual([])
  expect(new Set(by.slice(0, 75))).toEqual(new Set(['primary']))
  expect(new Set(by.slice(75, 150))).toEqual(new Set(['secondary']))
  expect(new Set(by.slice(150, 225))).toEqual(new Set(['rules']))
  expect(new Set(by.slice(-30))).toEqual(new Set(['primary']))

  for (const name of ['primary', 'secondary']) {
    await holdfast.line(new RegExp(`${name}: breaker opened`))
    await holdfast.line(new RegExp(`${name}: breaker lets a probe through`))
  }
  await holdfast.line(/primary: breaker closed/)
  await holdfast.line(/secondary took over from primary/)
  await holdfast.line(/rules took over from secondary/)
  const [chain] = (await holdfast.status()).chains
  expect(chain?.counts).toMatchObject({ requests: 300, failed: 0, cancelled: 0 })
  expect(chain?.links[0]?.breaker?.is).toBe('closed')
}, 60_000)
