import { hash } from 'node:crypto'
import { recordOf } from '../json-value.ts'

/** A whole answer as its client was given it. */
export interface KeptAnswer {
  /** Its `content-type`. */
  readonly type: string
  /** Who gave it. */
  readonly link: string
  /** When it had come, in ms since 1970. */
  readonly at: number
  readonly body: Buffer
}

/** An answer as a file: a checksum, a line of JSON, the body. `key` goes along, so that a file under another's name is none. */
export function written(key: string, { type, link, at, body }: KeptAnswer): Buffer {
  const rest = Buffer.concat([Buffer.from(`${JSON.stringify({ key, type, link, at })}\n`), body])
  return Buffer.concat([Buffer.from(`${magic}${hash('sha256', rest, 'hex')}\n`), rest])
}

/** The answer that a file holds; `undefined` where it is anything but a whole one of that key. */
export function read(key: string, file: Buffer): KeptAnswer | undefined {
  const begins = magic.length + checksum + 1
  const rest = file.subarray(begins)
  if (file.toString('latin1', 0, begins) !== `${magic}${hash('sha256', rest, 'hex')}\n`) return undefined
  const end = rest.indexOf(lineEnd)
  const head = recordOf(rest.toString('utf8', 0, end))
  const { type, link, at } = head ?? {}
  if (end === -1 || head?.['key'] !== key) return undefined
  if (typeof type !== 'string' || typeof link !== 'string' || typeof at !== 'number') return undefined
  return { type, link, at, body: rest.subarray(end + 1) }
}

const magic = 'holdfast answer 1 '
const checksum = 64
const lineEnd = 10
