import type { IncomingMessage } from 'node:http'
import type { Client } from './clients/client.ts'
import { invalid, type Reply } from './reply.ts'
import type { Route } from './served.ts'

/** Where one model is told of. */
export const oneModel = '/v1/models/{model}'

/** The routes that tell which chains there are, and of one whether it is, in the form of either wire. */
export function modelRoutes(
  namesFor: (client: Client | undefined) => readonly string[],
): Readonly<Record<string, Route>> {
  const send = (reply: Reply, body: object): void =>
    reply.send(200, { 'content-type': 'application/json' }, Buffer.from(JSON.stringify(body)))
  return {
    'GET /v1/models': (_, __, reply) => send(reply, list(namesFor(reply.client).map(formOf(reply)), reply)),
    [`GET ${oneModel}`]: (request, _, reply) => {
      const known = namesFor(reply.client)
      const model = nameIn(request)
      if (!known.includes(model)) return refuseModel(model, known, reply)
      send(reply, formOf(reply)(model))
    },
  }
}

/** Says that a chain is not there, or not for this client. */
export function refuseModel(model: string, known: readonly string[], reply: Reply): void {
  const names = known.map((name) => `'${name}'`).join(', ')
  const message = `There is no chain '${model.slice(0, 100)}'. \`model\` names a chain: ${names}.`
  reply.sendError(404, {}, invalid(message, 'model_not_found', 'model'))
}

/** A chain, as the wire has a model (https://platform.claude.com/docs/en/api/models/retrieve for Anthropic's). */
function formOf({ dialect }: Reply): (id: string) => { readonly id: string } {
  return dialect === 'openai'
    ? (id) => ({ id, object: 'model', created: 0, owned_by: 'holdfast' })
    : (id) => ({ type: 'model', id, display_name: id, created_at: '1970-01-01T00:00:00Z' })
}

function list(data: readonly { readonly id: string }[], { dialect }: Reply): object {
  if (dialect === 'openai') return { object: 'list', data }
  return { data, has_more: false, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null }
}

function nameIn({ url = '' }: IncomingMessage): string {
  const written = url.split('?', 1)[0]!.slice('/v1/models/'.length)
  try {
    return decodeURIComponent(written)
  } catch {
    return written
  }
}
