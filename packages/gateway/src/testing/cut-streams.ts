import type { Socket } from 'node:net'
import type { Random } from '@holdfast/policy'
import { seededRandom } from '@holdfast/policy/testing'
import type { Dialect } from '../dialects/dialect.ts'
import type { UpstreamOptions } from '../upstream.ts'
import { gatewayServer, quickPolicy } from './gateway-server.ts'
import { type Heard, hear, hearPiece } from './hear.ts'
import { rawProvider } from './raw-provider.ts'
import { cutInside, type Framing, type Said, wireOf } from './wire-of.ts'

/** How many of the answers ended in which way, and those that ended in none that is allowed. */
export interface Verdicts {
  /** The whole answer of the first provider, from it or from one that says the same. */
  readonly whole: number
  /** The whole answer of the fallback, which says something else. */
  readonly other: number
  /** The beginning of one answer, and the end that the fallback gave it. */
  readonly wentOn: number
  /** A whole call of a tool, after all its text. */
  readonly called: number
  /** The beginning of one answer, and then an error. */
  readonly brokeOff: number
  /** No answer at all, and why. */
  readonly refused: number
  readonly wrong: readonly string[]
  /** What streams were cut inside of, and how many requests were put to two links at once. */
  readonly reached: Readonly<Record<(typeof delicate)[number] | 'hedged', number>>
}

type Verdict = Exclude<keyof Verdicts, 'wrong' | 'reached'>

const text = 'Grüße an den Fuchs 🦊, der über 3 Hunde 🐕 sprang — “immer wieder”.'
const another = 'Grüße an alle, und etwas ganz anderes: 雨が降っている。'
const end = ' … und so fort 🌧.'
const ends = Array.from({ length: end.length }, (_, at) => end.slice(0, at + 1))
const looks = { first: { where: 'first 雨' }, second: { where: 'second 雨' } }

/** What the second provider does: says the same, says another thing, is dead, calls a tool after the same words, or goes on with what it is given. */
const kinds = ['same', 'other', 'dead', 'tools', 'prefill'] as const
type Kind = (typeof kinds)[number]

const dialects = ['openai', 'anthropic'] as const
const routes = dialects.flatMap((one) => dialects.map((two) => [one, two] as const))
const clients = ['openai', 'anthropic', 'one piece'] as const

const delicate = ['character', 'line', 'call'] as const

const told = new Map<string, Buffer>()

/** The wires are few, the requests many. */
function wire(said: Said, dialect: Dialect, framing: Framing): Buffer {
  const key = JSON.stringify([said, dialect, framing])
  const bytes = told.get(key) ?? wireOf(said, dialect, framing)
  told.set(key, bytes)
  return bytes
}

interface Question {
  readonly nth: number
  readonly kind: Kind
  readonly one: Dialect
  readonly two: Dialect
  readonly hedged: boolean
  /** The beginning of its answer, where it comes with that. */
  readonly begun: string | undefined
}

/**
 * Sends `count` requests of three kinds of client through a gateway whose first provider is cut at a random byte each time; half of them by chains that
 * hedge, where both are late as well, and both may be cut. Resolves when the providers have no connection left.
 */
export async function cutStreams(count: number, seed: number): Promise<Verdicts> {
  const chances = Array.from({ length: 2 * count }, (_, nth) => seededRandom(seed + nth))
  const reached = { character: 0, line: 0, call: 0, hedged: 0 }
  const cut = (socket: Socket, bytes: Buffer, chance: Random): void => {
    const at = placeIn(bytes, chance)
    const inside = cutInside(bytes, at)
    for (const each of delicate) if (inside[each]) reached[each]++
    const end = bytes.subarray(0, at)
    if (chance() < 0.5) socket.end(end)
    else socket.write(end, () => socket.resetAndDestroy())
  }
  const one = await rawProvider((socket, _, body) => {
    const { nth, kind, one: dialect, hedged } = questionIn(body)
    const chance = chances[2 * nth]!
    const said = kind === 'tools' ? { text, look: looks.first } : { text }
    const bytes = wire(said, dialect, chance() < 0.5 ? 'chunked' : 'closed')
    late(hedged, chance, () => cut(socket, bytes, chance))
  })
  const two = await rawProvider((socket, _, body) => {
    const { nth, kind, two: dialect, hedged, begun } = questionIn(body)
    const chance = chances[2 * nth + 1]!
    if (kind === 'dead') return void socket.end()
    const says = kind === 'other' ? another : kind === 'prefill' ? restAfter(begun) : text
    const bytes = wire(kind === 'tools' ? { text, look: looks.second } : { text: says }, dialect, 'chunked')
    late(hedged, chance, () => {
      if (hedged && chance() < 0.3) return cut(socket, bytes, chance)
      for (const piece of pieces(bytes, chance)) socket.write(piece)
      socket.end()
    })
  })
  const at = (dialect: Dialect, url: string, prefill: boolean): UpstreamOptions => ({
    dialect,
    url: url.replace(/\/v1$/, ''),
    streams: true,
    prefill,
    policy,
  })
  const upstreams = dialects.flatMap((dialect) => [
    [`first-${dialect}`, at(dialect, one.url, false)] as const,
    [`second-${dialect}`, at(dialect, two.url, false)] as const,
    [`goes-on-${dialect}`, at(dialect, two.url, true)] as const,
  ])
  const chains = kinds.flatMap((kind) =>
    routes.flatMap(([from, to]) => {
      const links = [`first-${from}`, `${kind === 'prefill' ? 'goes-on' : 'second'}-${to}`]
      return [
        [nameOf(kind, [from, to], false), { links }] as const,
        [nameOf(kind, [from, to], true), { links, hedge: { after: 4, share: 1 } }] as const,
      ]
    }),
  )
  const door = await gatewayServer({
    upstreams: Object.fromEntries(upstreams),
    chains: Object.fromEntries(chains),
  })
  const counts = { whole: 0, other: 0, wentOn: 0, called: 0, brokeOff: 0, refused: 0 }
  const wrong: string[] = []
  let next = 0
  const client = async (): Promise<void> => {
    for (let nth = next++; nth < count; nth = next++) {
      const kind = kinds[nth % kinds.length]!
      const route = routes[Math.floor(nth / 5) % routes.length]!
      const speaks = clients[Math.floor(nth / 20) % clients.length]!
      const model = nameOf(kind, route, Math.floor(nth / 60) % 2 === 0)
      const body = { model, messages: [{ role: 'user', content: `nth ${nth}` }] }
      const heard =
        speaks === 'one piece' ? await hearPiece(door.url, body) : await hear(door.url, speaks, body)
      const verdict = judge(heard)
      if (verdict) counts[verdict]++
      else wrong.push(`${nth} (${model}, ${speaks}): ${heard.raw}`)
    }
  }
  await Promise.all(Array.from({ length: 100 }, client))
  await Promise.all([one.drained(), two.drained()])
  const sent = door.gateway.families().find(({ name }) => name === 'holdfast_gateway_hedges_sent_total')
  for (const sample of sent?.samples ?? []) if ('value' in sample) reached.hedged += sample.value
  await door[Symbol.asyncDispose]()
  await Promise.all([one.close(), two.close()])
  return { ...counts, wrong, reached }
}

const policy = { ...quickPolicy, breaker: { failures: 1_000_000 }, timeout: { total: 60_000 } }

function nameOf(kind: Kind, [one, two]: readonly [Dialect, Dialect], hedged: boolean): string {
  return [kind, one, two, hedged ? 'hedged' : 'alone'].join(' ')
}

/** The body stands on the wire in UTF-8, and was read byte by byte. */
function questionIn(raw: string): Question {
  const body = JSON.parse(Buffer.from(raw, 'latin1').toString('utf8'))
  const [kind, one, two, hedged] = body.model.split(' ')
  const nth = Number(/nth (\d+)/.exec(raw)![1])
  const { role, content } = body.messages.at(-1)
  const begun = role === 'assistant' ? (content[0].text ?? content) : undefined
  return { nth, kind, one, two, hedged: hedged === 'hedged', begun }
}

/** What a model says that is given this beginning: what is left of its end, of which it may have said some before. */
function restAfter(begun: string | undefined): string {
  if (begun === undefined) return another
  for (let said = end.length; said > 0; said--) if (begun.endsWith(end.slice(0, said))) return end.slice(said)
  return end
}

/** Half of the cuts are somewhere, the others where it is hard: one of a few random places that is. */
function placeIn(bytes: Buffer, chance: Random): number {
  const hard = delicate[Math.floor(chance() * 6)]
  const places = Array.from({ length: 40 }, () => Math.floor(chance() * bytes.length))
  return places.find((at) => hard === undefined || cutInside(bytes, at)[hard]) ?? places[0]!
}

function late(hedged: boolean, chance: Random, act: () => void): void {
  if (hedged && chance() < 0.7) setTimeout(act, chance() * 16)
  else act()
}

function judge({ status, text: got, calls, done, failed, broken, raw }: Heard): Verdict | undefined {
  if (status === 503) return 'refused'
  if (status !== 200) return undefined
  if (done && !broken && !failed) {
    if (calls !== '') return got === text && isWhole(calls) ? 'called' : undefined
    if (raw.includes('"look"')) return undefined
    return got === text ? 'whole' : got === another ? 'other' : isContinued(got) ? 'wentOn' : undefined
  }
  const beginning = isBeginning(got) || ends.some((said) => isContinued(got, said))
  return beginning && calls === '' && !done && broken && failed ? 'brokeOff' : undefined
}

function isWhole(calls: string): boolean {
  return Object.values(looks).some((look) => calls === JSON.stringify(look))
}

function isBeginning(got: string): boolean {
  return text.startsWith(got) || another.startsWith(got)
}

/** White space before the joint is said once. */
function isContinued(got: string, said = end): boolean {
  return got.endsWith(said) && isBeginning(got.slice(0, -said.length))
}

function pieces(bytes: Buffer, chance: Random): Buffer[] {
  const cut = Math.floor(chance() * bytes.length)
  return [bytes.subarray(0, cut), bytes.subarray(cut)]
}
