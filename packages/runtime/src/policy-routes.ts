import type { FastifyInstance } from 'fastify'
import type { AnnouncedProcess, Named, ProcessPolicies } from './announced.ts'

/** The named policies of all processes, and the two switches on them. */
export interface Steering {
  policies(): Promise<readonly ProcessPolicies[]>
  /** Resets what has that name, wherever it is; answers where that was. */
  reset(named: Named): Promise<readonly AnnouncedProcess[]>
  /** The same for isolating. */
  isolate(named: Named): Promise<readonly AnnouncedProcess[]>
}

/** `GET /api/v1/policies`, `POST /api/v1/policies/reset` and `POST /api/v1/policies/isolate`. A name that no process has is a 404. */
export function policyRoutes(app: FastifyInstance, steering: Steering): void {
  const summary = 'Everything that has a name, in every process that announced itself.'
  app.get('/api/v1/policies', { schema: { summary } }, async () => ({ processes: await steering.policies() }))

  for (const act of ['reset', 'isolate'] as const) {
    const schema = { summary: `${act === 'reset' ? 'Resets' : 'Isolates'} what has a name.`, body }
    app.post<{ Body: Named }>(`/api/v1/policies/${act}`, { schema }, async ({ body: named }, reply) => {
      const processes = await steering[act](named)
      if (processes.length > 0) return { processes }
      const message = `No process has ${named.kind ?? 'anything'} '${named.name}' to ${act}; GET /api/v1/policies lists what there is.`
      return reply.code(404).send({ error: { code: 'unknown_name', message } })
    })
  }
}

const body = {
  type: 'object',
  required: ['name'],
  additionalProperties: false,
  properties: { name: { type: 'string', minLength: 1 }, kind: { type: 'string', minLength: 1 } },
}
