import { seededRandom } from '@holdfast/policy/testing'

/** A line as it is printed, and the message that is told of it. */
export interface BurstLine {
  readonly printed: string
  readonly msg: string
}

const words = [
  'order',
  'größer',
  'naïve',
  'kernel',
  '漢字',
  '🚀',
  'a"quote"',
  'back\\slash',
  'tab\tbed',
  'plain',
]

/** Lines as services print them, each with its number: plain ones and objects of JSON, mostly short, some of some thousand characters. */
export function* burst(seed: number, count: number): Generator<BurstLine> {
  const random = seededRandom(seed)
  const below = (most: number): number => Math.floor(random() * most)
  for (let n = 0; n < count; n++) {
    const long = below(100) === 0 ? 100 : 1
    let msg = `line ${n}`
    for (let more = below(8) * long; more > 0; more--) msg += ` ${words[below(words.length)]}`
    yield { msg, printed: below(2) === 0 ? msg : JSON.stringify({ level: 30, n, msg }) }
  }
}
