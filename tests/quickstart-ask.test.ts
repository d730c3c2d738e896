import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { known } from '../examples/quickstart/answers.ts'
import { behaviour, type Mode } from '../examples/quickstart/behaviour.ts'
import { answering, caption, joint, takenUp, takeover } from '../examples/quickstart/demo/answering.ts'
import { ask, events, type Part } from '../examples/quickstart/demo/ask.ts'
import { page } from '../examples/quickstart/demo/page.ts'
import { wordWrap } from '../examples/quickstart/demo/word-wrap.ts'

const { question, answer } = known[1]!

async function* pieces(...texts: string[]) {
  yield* texts
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of source) items.push(item)
  return items
}

describe('events', () => {
  it.each([
    ['whole events', ['data: a\n\ndata: b\n\n']],
    ['one character at a time', [...'data: a\r\n\r\ndata: b\r\n\r\n']],
    ['a break cut in the middle of its carriage return', ['data: a\r\n\r', '\ndata: b\n\n']],
    ['other fields', ['event: x\nid: 1\ndata:a\n\n', 'retry: 5\ndata: b\n\n']],
    ['an unfinished event at the end', ['data: a\n\ndata: b\n\ndata: c\n']],
  ])('reads %s', async (_, texts) => {
    expect(await all(events(pieces(...texts)))).toEqual([{ data: 'a' }, { data: 'b' }])
  })

  it('joins the data lines of one event', async () => {
    expect(await all(events(pieces('data: a\ndata: b\n\n: c\n\n')))).toEqual([
      { data: 'a\nb' },
      { comment: 'c' },
    ])
  })
})

describe('ask', () => {
  const state = mkdtempSync(join(tmpdir(), 'quickstart-'))
  const never = new AbortController().signal
  let url = ''
  let end = () => {}
  let become = (_: Mode) => {}

  beforeAll(async () => {
    const file = join(import.meta.dirname, '../examples/quickstart/provider.ts')
    const args = [file, '--port', '0', '--pace', '0', '--state', state]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = await once(createInterface(child.stdout), 'line')
    url = /http:\S+/.exec(String(line))?.[0] ?? ''
    become = (mode) => behaviour(Number(new URL(url).port), state).become(mode)
    end = () => child.kill()
  })
  afterAll(() => {
    end()
    rmSync(state, { recursive: true })
  })

  const told = async (mode: Mode): Promise<Part[]> => {
    become(mode)
    return all(ask(question, url, never))
  }
  const text = (parts: Part[]) => parts.map((part) => (part.is === 'text' ? part.text : '')).join('')

  it('tells who answers, the text, and that it is whole', async () => {
    const parts = await told('ok')
    expect(parts[0]).toEqual({
      is: 'answering',
      by: { link: 'someone', attempts: 1, failed: [] },
      after: expect.any(Number),
    })
    expect(text(parts)).toBe(answer)
    expect(parts.at(-1)).toEqual({ is: 'done' })
  })

  it('says that an answer broke in the middle', async () => {
    const parts = await told('cut')
    expect(answer.startsWith(text(parts))).toBe(true)
    expect(text(parts)).not.toBe('')
    expect(parts.at(-1)?.is).toBe('broken')
  })

  it('says why there was no answer', async () => {
    expect(await told('fail')).toEqual([{ is: 'refused', status: 503, why: 'primary was told to fail.' }])
  })

  it('says that nobody is there', async () => {
    const parts = await all(ask(question, 'http://127.0.0.1:9/v1', never))
    expect(parts).toEqual([{ is: 'unreachable', why: expect.stringMatching(/\S/) }])
  })

  it('throws the reason of its signal while it waits', async () => {
    become('stall')
    const gone = new AbortController()
    const parts = all(ask(question, url, gone.signal))
    gone.abort(new Error('enough'))
    await expect(parts).rejects.toThrow('enough')
  })

  it.each([
    [
      'an error event',
      'data: {"choices":[{"delta":{"content":"Hi"}}]}\n\ndata: {"error":{"message":"cut"}}\n\n',
      'cut',
    ],
    [
      'no [DONE]',
      'data: {"choices":[{"delta":{"content":"Hi"}}]}\n\n',
      'the stream ended before the answer did',
    ],
  ])('calls an answer with %s broken', async (_, body, why) => {
    const server = createServer((_, response) => response.end(body)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const parts = await all(ask(question, `http://127.0.0.1:${port}/v1`, never))
    server.close()
    expect(parts.slice(1)).toEqual([
      { is: 'text', text: 'Hi' },
      { is: 'broken', why },
    ])
  })
})

describe('takenUp', () => {
  it('reads from a comment who goes on with a sentence', () => {
    const by = takenUp('x-holdfast-attempts=3 x-holdfast-link=secondary x-holdfast-failed=primary=transient')

    expect(by).toEqual({ link: 'secondary', attempts: 3, failed: [{ link: 'primary', why: 'transient' }] })
    expect(takenUp('keep-alive')).toBeUndefined()
  })
})

describe('answering', () => {
  it('reads who answered, after how many attempts, and who failed before', () => {
    const headers = {
      'x-holdfast-link': 'rules',
      'x-holdfast-attempts': '3',
      'x-holdfast-failed': 'primary=open,secondary=timeout',
    }
    expect(answering(new Headers(headers))).toEqual({
      link: 'rules',
      attempts: 3,
      failed: [
        { link: 'primary', why: 'open' },
        { link: 'secondary', why: 'timeout' },
      ],
    })
  })
})

describe('joint', () => {
  const by = (why: string) => ({ link: 'secondary', attempts: 2, failed: [{ link: 'primary', why }] })
  const said = 'A breaker watches. After enough failures the breaker is'

  it.each([
    [79, '── primary died after “…failures the breaker is”; secondary goes on ──'],
    [62, '── primary died after “…the breaker is”; secondary goes on ──'],
    [20, '── primary died; secondary goes on ──'],
  ])('repeats as many of the last words as fit into %i characters', (width, line) => {
    expect(joint(by('broken'), said, width)).toBe(line)
  })

  it('tells a silence from a death', () => {
    expect(joint(by('timeout'), 'Yes', 79)).toBe('── primary fell silent after “Yes”; secondary goes on ──')
  })

  it('has words for a link that goes on by itself', () => {
    expect(joint({ link: 'primary', attempts: 2, failed: [] }, said, 79)).toMatch(/; primary goes on ──$/)
  })
})

describe('caption', () => {
  it('names the link, the attempts and the time to the first token', () => {
    expect(caption({ by: { link: 'primary', attempts: 1, failed: [] }, after: 412.4, before: [] })).toBe(
      'primary: 1 attempt, 412 ms to first token',
    )
    expect(caption({ by: { link: 'rules', attempts: 0, failed: [] }, after: 3, before: ['primary'] })).toBe(
      'primary, then rules: 0 attempts, 3 ms to first token',
    )
  })
})

describe('takeover', () => {
  const primary = { link: 'primary', attempts: 1, failed: [] }
  const secondary = { link: 'secondary', attempts: 3, failed: [{ link: 'primary', why: 'transient' }] }

  it('is silent while the same link answers, and at the beginning', () => {
    expect(takeover('primary', primary, 40)).toBeUndefined()
    expect(takeover('secondary', secondary, 40)).toBeUndefined()
    expect(takeover(undefined, primary, 40)).toBeUndefined()
  })

  it('says who took over from whom, after what, in how many ms', () => {
    const line = 'secondary took over from primary (transient) in 231 ms'
    expect(takeover('primary', secondary, 230.6)).toBe(line)
    expect(takeover(undefined, secondary, 230.6)).toBe(line)
  })

  it('says that a better link is back', () => {
    expect(takeover('secondary', primary, 40)).toBe('primary is back and took over from secondary in 40 ms')
  })
})

describe('wordWrap', () => {
  it.each([
    ['one two three four', 9, 'one two\nthree\nfour'],
    ['exact fit', 9, 'exact fit'],
    ['extraordinarily long', 6, 'extraordinarily\nlong'],
    ['two\n\nparagraphs', 20, 'two\n\nparagraphs'],
  ])('wraps %j at %i, however it is cut', (text, width, wrapped) => {
    for (const size of [1, 2, 3, text.length]) {
      const wrap = wordWrap(width)
      let out = ''
      for (let at = 0; at < text.length; at += size) out += wrap.push(text.slice(at, at + size))
      expect(out + wrap.end()).toBe(wrapped)
    }
  })
})

describe('page', () => {
  it('puts a line into the middle of a text, and goes on below it', () => {
    let written = ''
    const paper = page({ columns: 80, write: (text) => (written += text) })
    paper.text('one two')
    paper.line('NOTICE')
    paper.text(' three')
    paper.end()
    expect(written).toBe('one two\nNOTICE\nthree\n')
  })

  it('breaks a line that is too long for a narrow terminal', () => {
    let written = ''
    page({ columns: 12, write: (text) => (written += text) }).line('secondary goes on')
    expect(written).toBe('secondary\ngoes on\n')
  })
})
