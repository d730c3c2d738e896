import { WireFailure } from '../failure.ts'
import { type Body, nothing } from './message.ts'

/**
 * What is said as it travels: a `Uint8Array` as its bytes, `undefined` as nothing, anything else as JSON.
 *
 * Throws a `WireFailure` for what JSON cannot hold.
 */
export function packed(value: unknown): Body {
  if (value === undefined) return nothing
  if (value instanceof Uint8Array) return { form: 'bytes', bytes: value }
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer)
    throw unfit('bytes in anything but a Uint8Array')
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (error) {
    throw unfit('it cannot be written as JSON', error)
  }
  if (text === undefined) throw unfit(`JSON has no ${typeof value}`)
  return { form: 'json', bytes: Buffer.from(text) }
}

/** What was said. Throws a `WireFailure` for JSON that is none. */
export function unpacked({ form, bytes }: Body): unknown {
  if (form === 'nothing') return undefined
  if (form === 'bytes') return bytes
  try {
    return JSON.parse(text(bytes))
  } catch {
    throw unfit('what came is no JSON')
  }
}

function text(bytes: Uint8Array): string {
  return Buffer.isBuffer(bytes) ? bytes.toString() : Buffer.from(bytes).toString()
}

function unfit(why: string, cause?: unknown): WireFailure {
  return new WireFailure({
    class: 'permanent',
    code: 'ZEROMQ_PAYLOAD',
    message: `unfit to travel: ${why}`,
    cause,
  })
}
