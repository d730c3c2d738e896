import type { ZeromqUpstream } from '../config/upstream.ts'
import type { WireModules } from '../wire-modules.ts'
import { patience, type UpstreamCheck } from './upstream-check.ts'

/** Whether a `zeromqServer` answers a ping; each has a connection of its own. */
export function zeromqCheck(
  { endpoint, serverKey }: ZeromqUpstream,
  { zeromqClient }: NonNullable<WireModules['zeromq']>,
): UpstreamCheck {
  return {
    async ask(signal) {
      await using client = zeromqClient({
        connect: endpoint,
        ...(serverKey !== undefined && { curve: { serverKey } }),
      })
      await client.ping({ signal, within: patience }).catch((error: Error) => {
        throw new Error(`no answer from ${endpoint}: ${error.message}`, { cause: error })
      })
      return undefined
    },
    close: async () => {},
  }
}
