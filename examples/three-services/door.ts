// A service that is asked over HTTP: JSON for each path, and a clear error for all that goes wrong.
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { isHoldfastError, retryAfterOf, systemClock } from '@holdfast/policy'
import { context, withContext } from '@holdfast/policy/context'
import { classOfError, classOfStatus, WireFailure } from '@holdfast/transport'
import { serving } from '@holdfast/transport/fetch'
import { GrpcFailure } from '@holdfast/transport/grpc'
import { asked, host, log, port } from './service.ts'

/** Answers a path with what is to be told, or throws. */
export type Answer = (path: string) => Promise<unknown>

/** Nobody here waits longer, in ms. */
const longest = 5_000

/** Listens where the file says; a request that comes without a correlation or a deadline is given one. */
export function door(answer: Answer): void {
  const served = serving(async ({ url = '/' }, response) => {
    const { correlation = randomUUID() } = context()
    const limits = { correlation, deadline: systemClock.now() + longest }
    const { status, body, wait } = await withContext(limits, () => reply(answer, url))
    response.writeHead(status, {
      'content-type': 'application/json',
      'x-correlation-id': correlation,
      ...(wait !== undefined && { 'retry-after': String(Math.ceil(wait / 1_000)) }),
    })
    response.end(`${JSON.stringify(body)}\n`)
  })
  createServer(served).listen(Number(port), host)
}

/** What another door tells; throws what it complains of, or that nobody is there. */
export async function told<T>(asking: Promise<Response>): Promise<T> {
  const response = await asking.catch((cause: unknown) => {
    const nobody = new WireFailure({ class: classOfError(cause), message: 'nobody answers there', cause })
    throw isHoldfastError(cause) ? cause : nobody
  })
  const body = (await response.json()) as T & { readonly error?: { readonly message?: string } }
  if (response.ok) return body
  const { status } = response
  throw new WireFailure({ class: classOfStatus(status), status, message: `${status}`, ...body.error })
}

interface Reply {
  readonly status: number
  readonly body: unknown
  /** Ms until it makes sense to ask again. */
  readonly wait?: number | undefined
}

async function reply(answer: Answer, url: string): Promise<Reply> {
  if (url === '/health') return { status: 200, body: { ok: true } }
  asked(url)
  try {
    return { status: 200, body: await answer(url) }
  } catch (error) {
    log.warn(error, `no answer to ${url}`)
    const { code, message, hint } = isHoldfastError(error) ? error : unexpected
    return { status: statusOf(error), body: { error: { code, message, hint } }, wait: retryAfterOf(error) }
  }
}

const unexpected = { code: 'UNEXPECTED', message: 'this went wrong', hint: 'See the log.' }

function statusOf(error: unknown): number {
  if (!isHoldfastError(error)) return 500
  if (error instanceof GrpcFailure && error.grpcStatus === 'NOT_FOUND') return 404
  if (error instanceof WireFailure && error.status !== undefined) return error.status
  if (classOfError(error) === 'permanent') return 500
  return classOfError(error) === 'timeout' ? 504 : 503
}
