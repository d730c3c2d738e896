import { once } from 'node:events'
import { connect } from 'node:net'
import type { Random } from '@holdfast/policy'
import { seededRandom } from '@holdfast/policy/testing'
import type { Dialect } from '../dialects/dialect.ts'
import type { ChainCounts } from '../tally.ts'
import type { UpstreamOptions } from '../upstream.ts'
import { gatewayServer, quickPolicy } from './gateway-server.ts'
import { rawProvider } from './raw-provider.ts'
import { wireOf } from './wire-of.ts'

/** What was left when all had gone. */
export interface Left {
  readonly counts: readonly ChainCounts[]
  /** Requests that were put to two links at once. */
  readonly hedged: number
}

const text = 'Grüße an den Fuchs 🦊, der über 3 Hunde 🐕 sprang.'
const dialects = ['openai', 'anthropic'] as const
const wires = dialects.map((dialect) => wireOf({ text, look: { where: '雨' } }, dialect, 'chunked'))
/** More than any answer has, in bytes. */
const longest = 6_000

/** Nothing but a client that leaves ends a call under it. */
const patient = {
  ...quickPolicy,
  timeout: { firstToken: 600_000, headers: 600_000, idle: 600_000, total: 600_000 },
}

/**
 * Has `count` clients leave, a dozen at a time: each at a random byte of its answer, or after a random wait where that many do not come. The providers
 * are late and fall silent at a random byte, and never end an answer. Resolves when the providers have no connection left, with the gateway still open.
 */
export async function leavingClients(count: number, seed: number): Promise<Left> {
  const chance = seededRandom(seed)
  const silent = (wire: Buffer) =>
    rawProvider((socket) => {
      const bytes = wire.subarray(0, Math.floor(chance() * (wire.length - 400)))
      setTimeout(() => socket.destroyed || socket.write(bytes), 4 + chance() * 10)
    })
  const providers = await Promise.all(wires.map(silent))
  const upstreams = providers.map(({ url }, nth): [string, UpstreamOptions] => [
    dialects[nth]!,
    { dialect: dialects[nth]!, url: url.replace(/\/v1$/, ''), streams: nth === 0, policy: patient },
  ])
  const hedge = { after: 1, share: 1 }
  await using door = await gatewayServer({
    upstreams: Object.fromEntries(upstreams),
    chains: {
      alone: ['openai', 'anthropic'],
      hedged: { links: ['openai', 'anthropic'], hedge },
      'hedged too': { links: ['anthropic', 'openai'], hedge },
    },
  })
  const chains = door.gateway.status().chains.map(({ name }) => name)
  let next = 0
  const client = async (): Promise<void> => {
    for (let nth = next++; nth < count; nth = next++) {
      const model = chains[nth % chains.length]!
      await leave(new URL(door.url), { model, dialect: dialects[nth % 2]!, stream: nth % 5 > 0, chance })
    }
  }
  await Promise.all(Array.from({ length: 12 }, client))
  const quiet = async (): Promise<void> => {
    while (door.gateway.status().inFlight > 0) await new Promise(setImmediate)
  }
  await quiet()
  await Promise.all(providers.map((provider) => provider.drained()))
  await quiet() // a client may have gone before its request was read
  const counts = door.gateway.status().chains.map((chain) => chain.counts)
  const sent = door.gateway.families().find(({ name }) => name === 'holdfast_gateway_hedges_sent_total')
  const hedges = sent?.samples.map((sample) => ('value' in sample ? sample.value : 0)) ?? []
  await Promise.all(providers.map((provider) => provider.close()))
  return { counts, hedged: hedges.reduce((sum, each) => sum + each, 0) }
}

interface Asking {
  readonly model: string
  readonly dialect: Dialect
  readonly stream: boolean
  readonly chance: Random
}

async function leave(url: URL, { model, dialect, stream, chance }: Asking): Promise<void> {
  const path = dialect === 'openai' ? '/v1/chat/completions' : '/v1/messages'
  const body = JSON.stringify({ model, stream, max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] })
  const socket = connect(Number(url.port), url.hostname)
  socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
  const enough = chance() * longest
  let read = 0
  socket.on('data', (part) => {
    read += part.length
    if (read >= enough) socket.destroy()
  })
  const timer = setTimeout(() => socket.destroy(), 1 + chance() * 30)
  await once(socket, 'close')
  clearTimeout(timer)
}
