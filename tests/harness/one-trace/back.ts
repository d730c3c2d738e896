// The last of three processes: calls come by ZeroMQ; the work of each fails the first time.
import { context } from '@holdfast/policy/context'
import { WireFailure } from '@holdfast/transport'
import { zeromqServer } from '@holdfast/transport/zeromq'
import type { Question } from './answers.ts'
import { hop } from './hop.ts'

const { log, listening } = hop('back')
const failed = new Set<string | undefined>()

function work(body: Question): string {
  const { correlation } = context()
  log.info({ envelope: body }, 'at work')
  if (failed.has(correlation)) return `an answer to ${body.question}`
  failed.add(correlation)
  const message = `no login to ${process.env['DATABASE_URL']} with password=${process.env['DATABASE_PASSWORD']}`
  const error = new WireFailure({ class: 'transient', code: 'NO_LOGIN', message })
  log.error(Object.assign(error, { config: { headers: process.env } }), 'the work failed')
  throw error
}

const server = zeromqServer({
  bind: 'tcp://127.0.0.1:*',
  handlers: { work: (input) => work(input as Question) },
})
listening({ port: Number(new URL(server.address).port) })
