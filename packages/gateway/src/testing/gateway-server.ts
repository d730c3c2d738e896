import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Gateway, type GatewayOptions, gateway } from '../gateway.ts'
import type { GatewayEvent } from '../gateway-event.ts'
import type { UpstreamPolicy } from '../upstream.ts'

/** A policy for tests: short waits, short limits, and a breaker that stays out of the way. Times are ms. */
export const quickPolicy: UpstreamPolicy = {
  retry: { attempts: 2, backoff: { initial: 1, max: 2 } },
  breaker: { failures: 100, openFor: 60_000 },
  timeout: { connect: 1_000, headers: 700, firstToken: 700, idle: 700, total: 5_000 },
}

/** A gateway on a real socket, and what it told. */
export interface GatewayServer extends AsyncDisposable {
  readonly url: string
  readonly gateway: Gateway
  readonly events: readonly GatewayEvent[]
}

export async function gatewayServer(options: GatewayOptions): Promise<GatewayServer> {
  const events: GatewayEvent[] = []
  const door = gateway({ ...options, on: (event) => void events.push(event) })
  const server = createServer(door.handle).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    gateway: door,
    events,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await door.close()
    },
  }
}
