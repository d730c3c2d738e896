import { once } from 'node:events'
import { connect } from 'node:net'

/** An answer as `curl -N -i` prints it: the head, and the body as it came. */
export interface Printed {
  readonly status: number
  readonly head: string
  readonly body: string
}

/** How curl ends where the body is not whole: "transfer closed with outstanding read data remaining". */
export class PartialTransferError extends Error {
  readonly exitCode = 18
}

/**
 * Posts JSON as curl 8 does, with its head byte for byte, and reads the answer as it does: by the length that is told, by chunks up to the last, or
 * to the end of the connection. `print` is told what comes, as it comes.
 */
export async function curl(url: string, json: object, print?: (text: string) => void): Promise<Printed> {
  const { hostname, port, host, pathname } = new URL(url)
  const data = JSON.stringify(json)
  const socket = connect(Number(port), hostname)
  socket.setNoDelay()
  await once(socket, 'connect')
  socket.write(
    `POST ${pathname} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(data)}\r\n\r\n${data}`,
  )
  let came = Buffer.alloc(0)
  let printed = 0
  try {
    for await (const bytes of socket) {
      came = Buffer.concat([came, bytes as Buffer])
      const answer = read(came)
      if (!answer) continue
      print?.(answer.body.slice(printed))
      printed = answer.body.length
      if (answer.whole) return answer
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error
  } finally {
    socket.destroy()
  }
  throw new PartialTransferError('transfer closed with outstanding read data remaining')
}

function read(came: Buffer): (Printed & { readonly whole: boolean }) | undefined {
  const end = came.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const head = came.subarray(0, end).toString('latin1')
  const rest = came.subarray(end + 4)
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1])
  const length = /^content-length: (\d+)/im.exec(head)?.[1]
  const { body, whole } = /^transfer-encoding: chunked/im.test(head)
    ? unchunked(rest)
    : { body: rest, whole: length !== undefined && rest.length >= Number(length) }
  return { status, head, body: body.toString('utf8'), whole }
}

/** RFC 9112 §7.1. */
function unchunked(bytes: Buffer): { body: Buffer; whole: boolean } {
  const parts: Buffer[] = []
  for (let at = 0; ; ) {
    const line = bytes.indexOf('\r\n', at)
    if (line === -1) return { body: Buffer.concat(parts), whole: false }
    const size = Number.parseInt(bytes.subarray(at, line).toString('latin1'), 16)
    const start = line + 2
    if (bytes.length < start + size + 2) return { body: Buffer.concat(parts), whole: false }
    if (size === 0) return { body: Buffer.concat(parts), whole: true }
    parts.push(bytes.subarray(start, start + size))
    at = start + size + 2
  }
}
