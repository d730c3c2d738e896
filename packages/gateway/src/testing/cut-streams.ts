import type { Random } from '@holdfast/policy'
import { seededRandom } from '@holdfast/policy/testing'
import { askStream, type Streamed } from './ask.ts'
import { gatewayServer, quickPolicy } from './gateway-server.ts'
import { rawAnswer, rawChunk, rawProvider } from './raw-provider.ts'

/** How many of the streams ended in which way, and those that ended in none that is allowed. */
export interface Verdicts {
  /** The whole answer of the first provider, from it or from one that says the same. */
  readonly whole: number
  /** The whole answer of the fallback, which says something else. */
  readonly other: number
  /** The beginning of one answer, and then an error. */
  readonly brokeOff: number
  /** No answer at all, and why. */
  readonly refused: number
  readonly wrong: readonly string[]
}

const text = 'Grüße an den Fuchs 🦊, der über 3 Hunde 🐕 sprang — “immer wieder”.'
const another = 'Grüße an alle, und etwas ganz anderes: 雨が降っている。'

/** A stream as it stands on the wire: in HTTP chunks, so that a cut may fall inside anything, or until the connection closes, so that any cut looks like an end. */
function wire(words: string, framing: 'chunked' | 'closed'): Buffer {
  const events = [
    rawChunk({ role: 'assistant', content: '' }),
    ...words.split(/(?<= )/).map((word) => rawChunk({ content: word })),
    rawChunk({}, 'stop'),
    'data: [DONE]\n\n',
  ]
  const type = 'content-type: text/event-stream'
  if (framing === 'closed') return rawAnswer([type, 'connection: close'], events.join(''))
  const chunks = events.map((event) => `${Buffer.byteLength(event).toString(16)}\r\n${event}\r\n`)
  return rawAnswer([type, 'transfer-encoding: chunked'], `${chunks.join('')}0\r\n\r\n`)
}

const wholes = [wire(text, 'chunked'), wire(text, 'closed')] as const
const answers = { same: wholes[0], other: wire(another, 'chunked'), dead: Buffer.alloc(0) }
const kinds = ['same', 'other', 'dead'] as const

/**
 * Sends `count` streams through a gateway whose first provider is cut at a random byte each time, and whose second says the same, says
 * another thing, or is dead. Resolves when the providers have no connection left, which is after the gateway was closed.
 */
export async function cutStreams(count: number, seed: number): Promise<Verdicts> {
  const chances = Array.from({ length: count }, (_, nth) => seededRandom(seed + nth))
  const caseOf = (body: string): number => (JSON.parse(body) as { seed: number }).seed
  const first = await rawProvider((socket, _, body) => {
    const chance = chances[caseOf(body)]!
    const whole = wholes[chance() < 0.5 ? 0 : 1]
    const bytes = whole.subarray(0, Math.floor(chance() * whole.length))
    if (chance() < 0.5) socket.end(bytes)
    else socket.write(bytes, () => socket.resetAndDestroy())
  })
  const second = await rawProvider((socket, _, body) => {
    const nth = caseOf(body)
    for (const piece of pieces(answers[kinds[nth % kinds.length]!], chances[nth]!)) socket.write(piece)
    socket.end()
  })
  const door = await gatewayServer({
    upstreams: {
      first: { dialect: 'openai', url: first.url, policy },
      second: { dialect: 'openai', url: second.url, policy },
    },
    chains: { default: ['first', 'second'] },
  })
  const counts = { whole: 0, other: 0, brokeOff: 0, refused: 0 }
  const wrong: string[] = []
  let next = 0
  const client = async (): Promise<void> => {
    for (let nth = next++; nth < count; nth = next++) {
      const streamed = await askStream(door.url, { seed: nth })
      const verdict = judge(streamed)
      if (verdict) counts[verdict]++
      else wrong.push(`${nth} (${kinds[nth % kinds.length]}): ${streamed.raw}`)
    }
  }
  await Promise.all(Array.from({ length: 100 }, client))
  await door[Symbol.asyncDispose]()
  await Promise.all([first.drained(), second.drained()])

  await Promise.all([first.close(), second.close()])
  return { ...counts, wrong }
}

const policy = { ...quickPolicy, breaker: { failures: 1_000_000 }, timeout: { total: 60_000 } }

function judge({
  response,
  text: said,
  done,
  error,
  broken,
}: Streamed): Exclude<keyof Verdicts, 'wrong'> | undefined {
  if (response.status === 503) return 'refused'
  if (response.status !== 200) return undefined
  if (done && !broken && !error) return said === text ? 'whole' : said === another ? 'other' : undefined
  const beginning = text.startsWith(said) || another.startsWith(said)
  return beginning && !done && broken && error?.code === 'stream_broke_off' ? 'brokeOff' : undefined
}

function pieces(bytes: Buffer, chance: Random): Buffer[] {
  const cut = Math.floor(chance() * bytes.length)
  return [bytes.subarray(0, cut), bytes.subarray(cut)]
}
