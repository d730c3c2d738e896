import type { IncomingMessage } from 'node:http'

const largest = 32 * 1024 * 1024

/** A request body above the limit; it is not read to its end. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge'
  constructor() {
    super(`The body is larger than ${largest / 1024 / 1024} MiB.`)
  }
}

/** The whole body of a request as text. Rejects with `BodyTooLarge`, or as the stream does when the client goes away. */
export async function bodyText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  if (Number(request.headers['content-length'] ?? 0) > largest) throw new BodyTooLarge()
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > largest) throw new BodyTooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
