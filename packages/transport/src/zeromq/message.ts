/**
 * What a message says. `ask` is a request, `reply` and `failure` answer the ask of the same `id`, `cancel` takes it back.
 *
 * Only an ask has a method and an envelope.
 */
export type Kind = 'ask' | 'reply' | 'failure' | 'cancel'
/** How the body is to be read: not at all, as bytes, or as JSON. */
export type Form = 'nothing' | 'bytes' | 'json'

export interface Body {
  readonly form: Form
  readonly bytes: Uint8Array
}

export interface Message {
  readonly kind: Kind
  /** Counted by who asks, from 1 to 2³²-1. */
  readonly id: number
  /** At most 255 bytes. */
  readonly method: string
  /** JSON of an `Envelope`, or empty; at most 65,535 bytes. */
  readonly envelope: string
  readonly body: Body
}

const kinds: readonly Kind[] = ['ask', 'reply', 'failure', 'cancel']
const forms: readonly Form[] = ['nothing', 'bytes', 'json']
const magic = 0x48
const version = 1
const opening = 2
/** Of one message without its texts and its body. */
const heading = 13

/** Bytes that messages made together may fill in one frame. */
export const batch = 65_536

/** The bytes of a frame in which no message, or no body of one, has more than `largest`. */
export function frameOf(largest: number): number {
  return opening + Math.max(batch, heading + largest)
}

/** Asked of every server, and answered without a handler. */
export const pingMethod = '$ping'

export const nothing: Body = { form: 'nothing', bytes: new Uint8Array(0) }

/** The bytes that a message takes in a frame. */
export function sizeOf({ method, envelope, body }: Message): number {
  return heading + Buffer.byteLength(method) + Buffer.byteLength(envelope) + body.bytes.length
}

/**
 * One frame with any number of messages: `H`, the version, and then for each its kind, form and length of method (a byte each), length of envelope (two
 * bytes), id and length of body (four each), method, envelope, body. Numbers are big-endian.
 */
export function encode(messages: readonly Message[]): Buffer {
  let length = opening
  for (const message of messages) length += sizeOf(message)
  const frame = Buffer.allocUnsafe(length)
  frame[0] = magic
  frame[1] = version
  let at = opening
  for (const { kind, id, method, envelope, body } of messages) {
    const start = at
    at += heading
    const methodLength = method === '' ? 0 : frame.write(method, at)
    at += methodLength
    const envelopeLength = envelope === '' ? 0 : frame.write(envelope, at)
    at += envelopeLength
    frame.set(body.bytes, at)
    at += body.bytes.length
    frame[start] = kinds.indexOf(kind) + 1
    frame[start + 1] = forms.indexOf(body.form)
    frame[start + 2] = methodLength
    frame.writeUInt16BE(envelopeLength, start + 3)
    frame.writeUInt32BE(id, start + 5)
    frame.writeUInt32BE(body.bytes.length, start + 9)
  }
  return frame
}

/** The messages of a frame, whose bodies share its memory; `undefined` for anything that `encode` could not have made. */
export function decode(frame: Buffer): Message[] | undefined {
  const { length } = frame
  if (length < opening || frame[0] !== magic || frame[1] !== version) return undefined
  const messages: Message[] = []
  let at = opening
  while (at < length) {
    if (length - at < heading) return undefined
    const kind = kinds[frame[at]! - 1]
    const form = forms[frame[at + 1]!]
    const envelopeAt = at + heading + frame[at + 2]!
    const bodyAt = envelopeAt + frame.readUInt16BE(at + 3)
    const id = frame.readUInt32BE(at + 5)
    const end = bodyAt + frame.readUInt32BE(at + 9)
    if (kind === undefined || form === undefined || end > length) return undefined
    messages.push({
      kind,
      id,
      method: frame.toString('utf8', at + heading, envelopeAt),
      envelope: bodyAt === envelopeAt ? '' : frame.toString('utf8', envelopeAt, bodyAt),
      body: end === bodyAt && form === 'nothing' ? nothing : { form, bytes: frame.subarray(bodyAt, end) },
    })
    at = end
  }
  return messages
}
