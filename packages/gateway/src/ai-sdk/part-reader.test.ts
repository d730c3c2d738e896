import { describe, expect, it } from 'vitest'
import { beginning, finish } from '../testing/fake-model.ts'
import type { Part } from './language-model.ts'
import { Listener } from './listener.ts'
import { PartReader } from './part-reader.ts'

const delta = (text: string, id = '0'): Part => ({ type: 'text-delta', id, delta: text })
const end: Part = { type: 'text-end', id: '0' }
const call: Part = { type: 'tool-call', toolCallId: 'c', toolName: 'f', input: '{}' }
const thought: Part[] = [
  { type: 'reasoning-start', id: 'r' },
  { type: 'reasoning-delta', id: 'r', delta: 'hm' },
]
const ended: Part[] = [end, finish('stop')]

/** What a caller who has `given` gets of one more attempt; the code of its failure where it fails. */
const taken = (given: readonly Part[], parts: readonly Part[], continues = false): readonly unknown[] => {
  const listener = new Listener()
  const first = new PartReader('one', listener, false)
  for (const part of given) first.take(part)
  const reader = new PartReader('two', listener, continues)
  const got: Part[] = []
  try {
    for (const part of parts) got.push(...reader.take(part))
  } catch (error) {
    return [...got, (error as { code: string }).code]
  }
  return got
}

describe('PartReader', () => {
  it('keeps everything back until the first content', () => {
    const reader = new PartReader('one', new Listener(), false)
    const [start, text, word] = beginning('One ') as [Part, Part, Part]

    expect([start, text].flatMap((part) => reader.take(part))).toEqual([])
    expect([reader.take(word), reader.take(delta('two'))]).toEqual([[start, text, word], [delta('two')]])
  })

  it('passes on an answer that says nothing', () => {
    expect(taken([], [finish('stop')])).toEqual([finish('stop')])
  })

  it('goes on in the open block where the new answer repeats the beginning, in whatever pieces', () => {
    expect(taken(beginning('One ', 'two '), [...beginning('O', 'ne two th', 'ree.'), ...ended])).toEqual([
      delta('th'),
      delta('ree.'),
      ...ended,
    ])
  })

  it('opens a block of its own where the one before was closed', () => {
    const got = taken([...beginning('One '), end], [...beginning('One two'), ...ended])

    expect(got.map((part) => (part as Part).type)).toEqual(['text-start', 'text-delta', 'text-end', 'finish'])
  })

  it.each([
    ['says something else', beginning('Two ')],
    ['is shorter', [...beginning('One '), ...ended]],
    ['calls a tool before it', [...beginning('One '), call]],
    ['shows a source before it', [{ type: 'source', sourceType: 'url', id: 's', url: 'x' } as Part]],
  ])('gives nothing of an answer that %s', (_, parts) => {
    expect(taken(beginning('One ', 'two '), parts)).toEqual(['DIVERGED'])
  })

  it('goes on after a prefill, and never says white space twice', () => {
    expect(taken(beginning('One '), [...beginning(' two'), ...ended], true)).toEqual([delta('two'), ...ended])
  })

  it('notices that a prefill was repeated', () => {
    const known = 'Once upon a time there was a fox'

    expect(taken(beginning(known), [...beginning(`${known} who`), ...ended], true)).toEqual([
      delta(' who'),
      ...ended,
    ])
  })

  it('ends the thoughts of who was cut off, and adds no others', () => {
    expect(taken(thought, [...thought, ...beginning('One'), ...ended])).toEqual([
      { type: 'reasoning-end', id: 'r' },
      { type: 'text-start', id: 'two-taken-up' },
      delta('One', 'two-taken-up'),
      { ...end, id: 'two-taken-up' },
      finish('stop'),
    ])
  })

  it('says who takes over, once it does', () => {
    const metadata: Part = { type: 'response-metadata', modelId: 'm' }

    expect(taken(beginning('One '), [metadata, ...beginning('One two')])).toEqual([metadata, delta('two')])
  })

  it('keeps a call of a tool back until the answer is whole', () => {
    const input: Part[] = [
      { type: 'tool-input-start', id: 'c', toolName: 'f' },
      { type: 'tool-input-delta', id: 'c', delta: '{}' },
      { type: 'tool-input-end', id: 'c' },
    ]
    const begun = beginning('One ')

    expect(taken([], [...begun, ...input, call])).toEqual(begun)
    expect(taken([], [...begun, ...input, call, end, finish('tool-calls')])).toEqual([
      ...begun,
      ...input,
      call,
      end,
      finish('tool-calls'),
    ])
    expect(taken(begun, [...begun, call, finish('tool-calls')])).toEqual([call, end, finish('tool-calls')])
  })

  it('passes on what the provider runs itself, after which nobody else can go on', () => {
    const listener = new Listener()
    const reader = new PartReader('one', listener, false)
    const own = { ...call, providerExecuted: true }

    expect([...beginning('One '), own].flatMap((part) => reader.take(part))).toContainEqual(own)
    expect(listener.transcript.resumable).toBe(false)
  })

  it.each([
    ['was interrupted', finish('interrupted', undefined)],
    ['gives no reason', { ...finish('other'), finishReason: { unified: 'other', raw: undefined } } as Part],
    ['gives none, in version 2', { ...finish('other'), finishReason: 'unknown' } as unknown as Part],
  ])('takes an end that %s for a cut', (_, part) => {
    expect(taken([], [...beginning('One'), part]).at(-1)).toBe('CUT')
  })

  it('takes a reason that it does not know for a reason', () => {
    expect(taken([], [finish('other', 'compaction')])).toHaveLength(1)
    expect(taken([], [{ ...finish('other'), finishReason: 'other' } as unknown as Part])).toHaveLength(1)
  })
})
