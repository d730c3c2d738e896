import { type Address, address, addressText } from './units.ts'

/** Whether a service answers over its own wire; rejects as long as it does not. */
export type WireProbe = (signal: AbortSignal) => Promise<void>

/**
 * `grpc://127.0.0.1:50051` or `grpc://127.0.0.1:50051/acme.Kernel`, of which the health service says SERVING; `zeromq:tcp://127.0.0.1:5555` or
 * `zeromq:ipc:///run/x`, which answers a ping. `undefined` for anything else. The library of a wire is loaded when it is first asked over.
 */
export function wireProbe(ready: string): WireProbe | undefined {
  const [, place = '', service = ''] = /^grpc:\/\/([^/]+)(?:\/([\w.]+))?$/.exec(ready) ?? []
  const at = address(place)
  if (at && at.port > 0) return serving(at, service)
  const [, endpoint] = /^zeromq:((?:tcp|ipc):\/\/\S+)$/.exec(ready) ?? []
  return endpoint === undefined ? undefined : answering(endpoint)
}

function serving(at: Address, service: string): WireProbe {
  return async (signal) => {
    const { grpcHealthProbe } = await import('@holdfast/transport/grpc')
    if (!(await grpcHealthProbe(addressText(at), { service })(signal)))
      throw new Error('it does not say SERVING')
  }
}

function answering(connect: string): WireProbe {
  return async (signal) => {
    const { zeromqClient } = await import('@holdfast/transport/zeromq')
    await using client = zeromqClient({ connect })
    await client.ping({ signal })
  }
}
