import type { Family } from '@holdfast/telemetry'
import type { Client } from './client.ts'

/** What clients were let do, as metric families. Labels are names of the configuration and words of ours. */
export function clientFamilies(clients: readonly Client[]): Family[] {
  return [
    {
      name: 'holdfast_gateway_client_requests_total',
      help: 'Requests of a client that its limits let in.',
      type: 'counter',
      samples: clients.map(({ name, admitted }) => ({ labels: { client: name }, value: admitted })),
    },
    {
      name: 'holdfast_gateway_client_refusals_total',
      help: 'Requests of a client that were over one of its limits.',
      type: 'counter',
      samples: clients.flatMap(({ name, refused }) =>
        Object.entries(refused).map(([limit, value]) => ({ labels: { client: name, limit }, value })),
      ),
    },
  ]
}
