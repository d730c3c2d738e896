import type { Random } from '@holdfast/policy'
import { seededRandom } from '@holdfast/policy/testing'
import type { UpstreamOptions } from '../upstream.ts'
import { askStream, type Streamed } from './ask.ts'
import { gatewayServer, quickPolicy } from './gateway-server.ts'
import { rawAnswer, rawChunk, rawProvider } from './raw-provider.ts'

/** How many of the streams ended in which way, and those that ended in none that is allowed. */
export interface Verdicts {
  /** The whole answer of the first provider, from it or from one that says the same. */
  readonly whole: number
  /** The whole answer of the fallback, which says something else. */
  readonly other: number
  /** The beginning of the first provider's, and the end that the fallback gave it. */
  readonly wentOn: number
  /** A whole call of a tool, after all its text. */
  readonly called: number
  /** The beginning of one answer, and then an error. */
  readonly brokeOff: number
  /** No answer at all, and why. */
  readonly refused: number
  readonly wrong: readonly string[]
}

const text = 'Grüße an den Fuchs 🦊, der über 3 Hunde 🐕 sprang — “immer wieder”.'
const another = 'Grüße an alle, und etwas ganz anderes: 雨が降っている。'
const end = ' … und so fort 🌧.'

const framed = (events: readonly string[], framing: 'chunked' | 'closed'): Buffer => {
  const type = 'content-type: text/event-stream'
  if (framing === 'closed') return rawAnswer([type, 'connection: close'], events.join(''))
  const chunks = events.map((event) => `${Buffer.byteLength(event).toString(16)}\r\n${event}\r\n`)
  return rawAnswer([type, 'transfer-encoding: chunked'], `${chunks.join('')}0\r\n\r\n`)
}
const said = (words: string): string[] => words.split(/(?<= )/).map((word) => rawChunk({ content: word }))
const opening = rawChunk({ role: 'assistant', content: '' })

/** A stream as it stands on the wire: in HTTP chunks, so that a cut may fall inside anything, or until the connection closes, so that any cut looks like an end. */
function wire(words: string, framing: 'chunked' | 'closed'): Buffer {
  return framed([opening, ...said(words), rawChunk({}, 'stop'), 'data: [DONE]\n\n'], framing)
}

/** The same text and a call of a tool, whose arguments are this provider's own. */
function calling(by: string, framing: 'chunked' | 'closed'): Buffer {
  const piece = (args: string): string =>
    rawChunk({
      tool_calls: [{ index: 0, id: by, type: 'function', function: { name: 'look', arguments: args } }],
    })
  const call = ['', '{"where":', `"${by} 雨"`, '}'].map(piece)
  return framed([opening, ...said(text), ...call, rawChunk({}, 'tool_calls'), 'data: [DONE]\n\n'], framing)
}

const kinds = ['same', 'other', 'dead', 'tools', 'prefill'] as const
type Kind = (typeof kinds)[number]

const firsts = (by: Kind): readonly [Buffer, Buffer] =>
  by === 'tools'
    ? [calling('first', 'chunked'), calling('first', 'closed')]
    : [wire(text, 'chunked'), wire(text, 'closed')]
const first = Object.fromEntries(kinds.map((kind) => [kind, firsts(kind)])) as Record<Kind, [Buffer, Buffer]>
const second = {
  same: wire(text, 'chunked'),
  other: wire(another, 'chunked'),
  dead: Buffer.alloc(0),
  tools: calling('second', 'chunked'),
}

interface Body {
  readonly seed: number
  readonly model: Kind
  readonly messages: readonly { readonly role: string; readonly content: string }[]
}

/**
 * Sends `count` streams through a gateway whose first provider is cut at a random byte each time, and whose second says the same, says
 * another thing, is dead, calls a tool after the same words, or goes on with what it is given. Resolves when the providers have no connection left,
 * which is after the gateway was closed.
 */
export async function cutStreams(count: number, seed: number): Promise<Verdicts> {
  const chances = Array.from({ length: count }, (_, nth) => seededRandom(seed + nth))
  const one = await rawProvider((socket, _, body) => {
    const { seed: nth, model } = read(body)
    const chance = chances[nth]!
    const whole = first[model][chance() < 0.5 ? 0 : 1]
    const bytes = whole.subarray(0, Math.floor(chance() * whole.length))
    if (chance() < 0.5) socket.end(bytes)
    else socket.write(bytes, () => socket.resetAndDestroy())
  })
  const two = await rawProvider((socket, _, body) => {
    const { seed: nth, model, messages } = read(body)
    const goesOn = messages.at(-1)?.role === 'assistant'
    const answer = model === 'prefill' ? wire(goesOn ? end : another, 'chunked') : second[model]
    for (const piece of pieces(answer, chances[nth]!)) socket.write(piece)
    socket.end()
  })
  const at = (url: string, more: Partial<UpstreamOptions> = {}): UpstreamOptions => ({
    dialect: 'openai',
    url,
    policy,
    ...more,
  })
  const door = await gatewayServer({
    upstreams: { first: at(one.url), second: at(two.url), third: at(two.url, { prefill: true }) },
    chains: Object.fromEntries(
      kinds.map((kind) => [kind, ['first', kind === 'prefill' ? 'third' : 'second']]),
    ),
  })
  const counts = { whole: 0, other: 0, wentOn: 0, called: 0, brokeOff: 0, refused: 0 }
  const wrong: string[] = []
  let next = 0
  const client = async (): Promise<void> => {
    for (let nth = next++; nth < count; nth = next++) {
      const model = kinds[nth % kinds.length]!
      const streamed = await askStream(door.url, { seed: nth, model })
      const verdict = judge(streamed)
      if (verdict) counts[verdict]++
      else wrong.push(`${nth} (${model}): ${streamed.raw}`)
    }
  }
  await Promise.all(Array.from({ length: 100 }, client))
  await door[Symbol.asyncDispose]()
  await Promise.all([one.drained(), two.drained()])
  await Promise.all([one.close(), two.close()])
  return { ...counts, wrong }
}

const policy = { ...quickPolicy, breaker: { failures: 1_000_000 }, timeout: { total: 60_000 } }

/** The body stands on the wire in UTF-8, and was read byte by byte. */
function read(body: string): Body {
  return JSON.parse(Buffer.from(body, 'latin1').toString('utf8')) as Body
}

function judge(streamed: Streamed): Exclude<keyof Verdicts, 'wrong'> | undefined {
  const { response, text: got, done, error, broken, raw } = streamed
  if (response.status === 503) return 'refused'
  if (response.status !== 200) return undefined
  const calls = argumentsIn(raw)
  if (done && !broken && !error) {
    if (calls !== '') return got === text && isWhole(calls) ? 'called' : undefined
    if (raw.includes('tool_calls')) return undefined
    return got === text ? 'whole' : got === another ? 'other' : isContinued(got) ? 'wentOn' : undefined
  }
  const beginning = text.startsWith(got) || another.startsWith(got)
  return beginning && calls === '' && !done && broken && error?.code === 'stream_broke_off'
    ? 'brokeOff'
    : undefined
}

function argumentsIn(raw: string): string {
  return [...raw.matchAll(/"arguments":("(?:[^"\\]|\\.)*")/g)].map(([, json]) => JSON.parse(json!)).join('')
}

function isWhole(calls: string): boolean {
  return calls === '{"where":"first 雨"}' || calls === '{"where":"second 雨"}'
}

/** White space before the joint is said once. */
function isContinued(got: string): boolean {
  return got.endsWith(end) && text.startsWith(got.slice(0, -end.length))
}

function pieces(bytes: Buffer, chance: Random): Buffer[] {
  const cut = Math.floor(chance() * bytes.length)
  return [bytes.subarray(0, cut), bytes.subarray(cut)]
}
