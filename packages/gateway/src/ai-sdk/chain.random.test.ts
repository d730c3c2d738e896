import { seededRandom } from '@holdfast/policy/testing'
import { expect, it } from 'vitest'
import { beginning, fakeModel, finish, type ModelTurn } from '../testing/fake-model.ts'
import { chain } from './chain.ts'
import { ExhaustedError } from './exhausted-error.ts'
import type { Part } from './language-model.ts'
import { resilient } from './resilient.ts'

const whole =
  'It says \u{1f98a} "every" word once: it waits when it is asked to wait, and goes on without a seam.'
const call: Part[] = [
  { type: 'tool-input-start', id: 'c', toolName: 'f' },
  { type: 'tool-input-delta', id: 'c', delta: '{"a":' },
  { type: 'tool-input-delta', id: 'c', delta: '1}' },
  { type: 'tool-input-end', id: 'c' },
  { type: 'tool-call', toolCallId: 'c', toolName: 'f', input: '{"a":1}' },
]

/** A model at its worst: any pieces, cut anywhere, in any of the ways in which a stream can end too early; now and then it says something else. */
function turn(chance: () => number, calls: boolean, texts: Set<string>): ModelTurn {
  const below = (most: number): number => Math.floor(chance() * most)
  const text = chance() < 0.15 ? whole.replace(/[a-z]/g, (letter) => (chance() < 0.05 ? 'x' : letter)) : whole
  texts.add(text)
  const pieces: string[] = []
  for (let at = 0; at < text.length; at += pieces.at(-1)!.length)
    pieces.push(text.slice(at, at + 1 + below(9)))
  const end: Part = { type: 'text-end', id: '0' }
  const parts = [...beginning(...pieces), end, ...(calls ? call : []), finish(calls ? 'tool-calls' : 'stop')]
  if (chance() < 0.4) return { does: 'say', parts }
  const cut = parts.slice(0, below(parts.length))
  const ways: ModelTurn[] = [
    { does: 'say', parts: cut },
    { does: 'say', parts: cut, ending: Object.assign(new Error('reset'), { code: 'ECONNRESET' }) },
    { does: 'say', parts: [...cut, { type: 'error', error: { message: 'overloaded' } }] },
    { does: 'say', parts: [...cut, finish('interrupted', undefined)] },
    { does: 'throw', error: { message: 'busy', statusCode: 503 } },
  ]
  return ways[below(ways.length)]!
}

it('any stream of a chain ends whole, or in an error after a part of what it said', async () => {
  const chance = seededRandom(11)
  const ended = { whole: 0, broken: 0 }
  const policy = {
    retry: { attempts: 2, backoff: { initial: 1, max: 1 } },
    breaker: { failures: 1e6 },
    budget: 'random',
  }
  await Promise.all(
    Array.from({ length: 400 }, async (_, nth) => {
      const calls = nth % 3 === 0
      const texts = new Set<string>()
      const models = ['one', 'two'].map((name) => {
        const fake = fakeModel(`random-${name}`)
        fake.next(...Array.from({ length: 8 }, () => turn(chance, calls, texts)))
        return resilient(fake, policy)
      })
      const got: Part[] = []
      const failed = await (async () => {
        for await (const part of (await chain(models).doStream({ prompt: [] })).stream) got.push(part)
      })().catch((error: unknown) => error)
      const text = got.map((part) => (part.type === 'text-delta' ? part.delta : '')).join('')
      const tools = got.filter(({ type }) => type.startsWith('tool'))
      if (failed === undefined) {
        expect([...texts]).toContain(text)
        expect(tools).toEqual(calls ? call : [])
        expect(got.filter(({ type }) => type === 'finish')).toHaveLength(1)
        const open = got.filter(({ type }) => type === 'text-start').length
        expect(got.filter(({ type }) => type === 'text-end')).toHaveLength(open)
        ended.whole++
      } else {
        expect(failed).toBeInstanceOf(ExhaustedError)
        expect([...texts].some((each) => each.startsWith(text))).toBe(true)
        expect([tools, got.some(({ type }) => type === 'finish')]).toEqual([[], false])
        ended.broken++
      }
    }),
  )

  expect(ended.whole).toBeGreaterThan(280)
  expect(ended.broken).toBeGreaterThan(4)
})
