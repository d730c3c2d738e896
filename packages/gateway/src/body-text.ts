import type { IncomingMessage } from 'node:http'
import type { BodyPlace } from './body-room.ts'

const largest = 32 * 1024 * 1024

/** A request body that is no text the gateway takes, and the answer it deserves. */
export class UnreadableBody extends Error {
  override readonly name = 'UnreadableBody'
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/**
 * The whole body of a request as text, without a byte order mark. Rejects with `UnreadableBody` where it is larger than 32 MiB or not UTF-8, or its place has
 * no room for it, and as the stream does when the client goes away. What is too large is read to its end and thrown away: a client that is still sending does not read why.
 */
export function bodyText(request: IncomingMessage, place: BodyPlace): Promise<string> {
  // Its events, not `for await`, which makes an iterator and half a dozen promises for each request.
  return new Promise((resolve, reject) => {
    if (Number(request.headers['content-length'] ?? 0) > largest) return reject(tooLarge())
    const chunks: Buffer[] = []
    let size = 0
    let room = true
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      room &&= place.take(chunk.length)
      if (size <= largest && room) return void chunks.push(chunk)
      chunks.length = 0
      place.free()
    })
    request.on('end', () => {
      if (size > largest) return reject(tooLarge())
      if (!room) return reject(noRoom())
      try {
        resolve(utf8.decode(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)))
      } catch {
        reject(new UnreadableBody(400, 'invalid_request', 'The body must be UTF-8.'))
      }
    })
    request.on('error', reject)
    request.on('close', () => {
      if (!request.readableEnded) reject(new Error('the client went away before it had sent its request'))
    })
  })
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function noRoom(): UnreadableBody {
  const why = 'The requests of this client that are not answered yet take all the memory that it may have.'
  return new UnreadableBody(503, 'overloaded', `${why} Try again when some of them are over.`)
}

function tooLarge(): UnreadableBody {
  const limit = `${largest / 1024 / 1024} MiB`
  return new UnreadableBody(413, 'request_too_large', `The body is larger than ${limit}.`)
}
