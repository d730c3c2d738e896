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
export async function bodyText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  if (Number(request.headers['content-length'] ?? 0) > largest) throw tooLarge()
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= largest) chunks.push(chunk)
    else chunks.length = 0
  }
  if (size > largest) throw tooLarge()
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
  } catch {
    throw new UnreadableBody(400, 'invalid_request', 'The body must be UTF-8.')
  }
}

function tooLarge(): UnreadableBody {
  const limit = `${largest / 1024 / 1024} MiB`
  return new UnreadableBody(413, 'request_too_large', `The body is larger than ${limit}.`)
}
