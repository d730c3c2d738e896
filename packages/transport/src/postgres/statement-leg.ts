import type { LegWords } from '../on-leg.ts'
import { serverOf } from '../on-leg.ts'
import { sqlStateOf } from './sqlstate.ts'

/** An attempt at a statement, or at a `TRANSACTION`, as OpenTelemetry's conventions for databases have it: what it does, and never its text. */
export function statementLeg(text: string, hosts: string): LegWords<unknown> {
  return {
    start() {
      const operation = operationOf(text)
      const attributes = {
        'db.system.name': 'postgresql',
        ...(operation && { 'db.operation.name': operation }),
      }
      return {
        kind: 'client',
        name: operation ?? 'postgresql',
        attributes: { ...attributes, ...serverOf(hosts) },
      }
    },
    failed(error) {
      const state = sqlStateOf(error)
      return state === undefined ? {} : { 'db.response.status_code': state, 'error.type': state }
    },
  }
}

/** The first word of a statement, if it is one that statements begin with: nothing else of it is known to hold no secret. */
function operationOf(text: string): string | undefined {
  const [, word = ''] = /^(?:\s|\/\*[\s\S]*?\*\/|--[^\n]*\n|\()*([a-z]+)/i.exec(text) ?? []
  const name = word.toUpperCase()
  return operations.has(name) ? name : undefined
}

const operations: ReadonlySet<string> = new Set([
  ...['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE', 'WITH', 'VALUES', 'TABLE', 'COPY', 'CALL', 'DO'],
  ...['BEGIN', 'START', 'COMMIT', 'ROLLBACK', 'SAVEPOINT', 'RELEASE', 'TRANSACTION', 'SET', 'SHOW', 'RESET'],
  ...['CREATE', 'ALTER', 'DROP', 'TRUNCATE', 'GRANT', 'REVOKE', 'COMMENT', 'LOCK', 'EXPLAIN', 'ANALYZE'],
  ...['VACUUM', 'REINDEX', 'CLUSTER', 'REFRESH', 'LISTEN', 'NOTIFY', 'UNLISTEN', 'PREPARE', 'EXECUTE'],
  ...['DEALLOCATE', 'DECLARE', 'FETCH', 'MOVE', 'CLOSE', 'DISCARD', 'CHECKPOINT'],
])
