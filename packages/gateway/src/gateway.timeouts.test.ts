import { afterEach, describe, expect, it } from 'vitest'
import {
  ask,
  askStream,
  type FakeProvider,
  fakeAnswer,
  fakeProvider,
  gatewayServer,
  quickPolicy,
  rawChunk,
  rawProvider,
} from './testing/index.ts'

const opened: AsyncDisposable[] = []
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each[Symbol.asyncDispose]()
})
const open = <T extends AsyncDisposable>(thing: T): T => {
  opened.push(thing)
  return thing
}

const long = 600_000
const patient = { connect: long, headers: long, firstToken: long, idle: long, total: long }
type Limit = keyof typeof patient

/** A chain whose first link has one limit that is short, in ms, and whose second answers at once. */
const impatient = async (
  url: string,
  limit: Limit,
  ms = 60,
): Promise<{ url: string; spare: FakeProvider }> => {
  const spare = open(await fakeProvider('spare'))
  const policy = { ...quickPolicy, retry: { attempts: 1 }, timeout: { ...patient, [limit]: ms } }
  const door = open(
    await gatewayServer({
      upstreams: {
        slow: { dialect: 'openai', url, policy },
        spare: { dialect: 'openai', url: spare.url, policy: quickPolicy },
      },
      chains: { default: ['slow', 'spare'], alone: ['slow'] },
    }),
  )
  return { url: door.url, spare }
}
const stalling = async (after?: number): Promise<string> => {
  const slow = open(await fakeProvider('slow'))
  slow.always({ does: 'stall', ...(after !== undefined && { after }) })
  return slow.url
}
/** It takes connections, and says nothing on them: not even who it is. */
const mute = async (): Promise<string> => {
  const { url } = open(await rawProvider(() => {}))
  return url.replace('http:', 'https:')
}
/** It never falls silent, and never comes to an end. */
const endless = async (): Promise<string> => {
  const { url } = open(
    await rawProvider((socket) => {
      const drip = setInterval(() => socket.write(rawChunk({ content: 'and ' })), 10)
      socket.once('close', () => clearInterval(drip))
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n')
    }),
  )
  return url
}

describe('a limit on time', () => {
  it('is one on how long a connection takes', async () => {
    const { url } = await impatient(await mute(), 'connect')

    expect(await whyNot(url)).toContain('slow could not be reached: Connect Timeout Error')
  })

  it('is one on how long the head of an answer takes', async () => {
    const { url } = await impatient(await stalling(), 'headers')
    const answer = await ask(url)

    expect(answer.headers.get('x-holdfast-failed')).toBe('slow=timeout')
    expect(await whyNot(url)).toContain('slow kept silent for 60 ms; waited for an answer')
  })

  it('is one on how long the first token of a stream takes, whatever came before it', async () => {
    const { url } = await impatient(await stalling(0), 'firstToken')
    const { text, response } = await askStream(url)

    expect([text, response.headers.get('x-holdfast-failed')]).toEqual([fakeAnswer, 'slow=timeout'])
    expect(await whyNot(url, { stream: true })).toContain(
      'slow kept silent for 60 ms; waited for the first token',
    )
  })

  it('is one on the silence between two tokens, after which another goes on with the sentence', async () => {
    const { url } = await impatient(await stalling(5), 'idle')
    const { text, done, raw } = await askStream(url)

    expect([text, done]).toEqual([fakeAnswer, true])
    expect(raw).toContain('x-holdfast-failed=slow=timeout')
    const { error, done: whole } = await askStream(url, { model: 'alone' })
    expect([error?.code, whole]).toEqual(['stream_broke_off', false])
    expect(error?.message).toMatch(/slow kept silent for 60 ms; waited for/)
  })

  it('is one on the whole of an answer, however it drips', async () => {
    const { url } = await impatient(await endless(), 'total', 200)
    const { error, text, done } = await askStream(url, { model: 'alone' })

    expect(text).toMatch(/^(and )+$/)
    expect([error?.code, done]).toEqual(['stream_broke_off', false])
    expect(error?.message).toContain('slow: timeout: no answer within 200 ms')
  })
})

/** What the chain of the slow link alone says. */
async function whyNot(url: string, more: object = {}): Promise<string> {
  const answer = await ask(url, { model: 'alone', ...more })
  return answer.text()
}
