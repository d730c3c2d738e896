// The last of three processes: envelopes come on a socket; the work of each fails the first time.
import { once } from 'node:events'
import { createServer } from 'node:net'
import { json } from 'node:stream/consumers'
import { withContext } from '@holdfast/policy/context'
import { continueTrace, traced } from '@holdfast/telemetry/traces'
import { hop } from './hop.ts'

const { log, listening } = hop('back')
const failed = new Set<string>()

interface Envelope {
  readonly traceparent: string
  readonly correlation: string
  readonly body: { readonly question: string }
}

const work = traced(
  'work',
  async ({ correlation, body }: Envelope) => {
    log.info({ envelope: body }, 'at work')
    if (!failed.has(correlation)) {
      failed.add(correlation)
      const why = `no login to ${process.env['DATABASE_URL']} with password=${process.env['DATABASE_PASSWORD']}`
      throw Object.assign(new Error(why), { code: 'NO_LOGIN', config: { headers: process.env } })
    }
    return `an answer to ${body.question}`
  },
  { kind: 'consumer', attributes: { 'messaging.system': 'zeromq' } },
)

async function reply(envelope: Envelope): Promise<object> {
  try {
    return { answer: await work(envelope) }
  } catch (error) {
    log.error(error, 'the work failed')
    const { code, message } = error as Error & { readonly code: string }
    return { error: { code, message } }
  }
}

const server = createServer({ allowHalfOpen: true }, async (socket) => {
  const envelope = (await json(socket)) as Envelope
  const { traceparent, correlation } = envelope
  const answer = continueTrace({ traceparent }, () => withContext({ correlation }, () => reply(envelope)))
  socket.end(JSON.stringify(await answer))
})
await once(server.listen(0, '127.0.0.1'), 'listening')
listening(server.address())
