import type { IncomingMessage } from 'node:http'
import type { LegAttributes, LegEnd, LegStart } from '@holdfast/policy'
import { WireFailure } from '../failure.ts'
import type { LegWords } from '../on-leg.ts'

/** An attempt at a request, as OpenTelemetry's conventions for HTTP have it; the query, which may hold a secret, is left out. */
export function clientLeg(
  method: string,
  address: string | URL,
  attempt: number,
): LegWords<Pick<Response, 'status'>> {
  return {
    start() {
      const { origin, pathname, hostname, port, protocol } = new URL(address)
      return {
        kind: 'client',
        name: method,
        attributes: {
          'http.request.method': method,
          'url.full': origin + pathname.slice(0, longestPath),
          'server.address': hostname,
          'server.port': Number(port || (protocol === 'https:' ? 443 : 80)),
          ...(attempt > 1 && { 'http.request.resend_count': attempt - 1 }),
        },
      }
    },
    answered: ({ status }) => endOf(status, 400),
    failed: (error) =>
      error instanceof WireFailure && error.status !== undefined ? told(error.status, 400) : {},
  }
}

/** A request that is handled. */
export function serverLeg({ method = '', url = '/', socket }: IncomingMessage): LegStart {
  return {
    kind: 'server',
    name: method,
    attributes: {
      'http.request.method': method,
      'url.path': url.split('?', 1)[0]!.slice(0, longestPath),
      'url.scheme': 'encrypted' in socket ? 'https' : 'http',
    },
  }
}

/** What a status says: from `failures` on it is a failure. */
export function endOf(status: number, failures: 400 | 500): LegEnd {
  const attributes = told(status, failures)
  return status < failures ? { is: 'done', attributes } : { is: 'failed', error: undefined, attributes }
}

const longestPath = 200

function told(status: number, failures: number): LegAttributes {
  return {
    'http.response.status_code': status,
    ...(status >= failures && { 'error.type': String(status) }),
  }
}
