import type { IncomingMessage } from 'node:http'

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
 * The whole body of a request as text, without a byte order mark. Rejects with `UnreadableBody` where it is larger than 32 MiB or not UTF-8, and as
 * the stream does when the client goes away. What is too large is read to its end and thrown away: a client that is still sending does not read why.
 */
export function bodyText(request: IncomingMessage): Promise<string> {
  // Its events, not `for await`, which makes an iterator and half a dozen promises for each request.
  return new Promise((resolve, reject) => {
    if (Number(request.headers['content-length'] ?? 0) > largest) return reject(tooLarge())
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= largest) chunks.push(chunk)
      else chunks.length = 0
    })
    request.on('end', () => {
      if (size > largest) return reject(tooLarge())
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

function tooLarge(): UnreadableBody {
  const limit = `${largest / 1024 / 1024} MiB`
  return new UnreadableBody(413, 'request_too_large', `The body is larger than ${limit}.`)
}
