import { type HeldListener, holdListener } from '@holdfast/governor'
import type { Config, ServiceConfig } from './config/schema.ts'
import { addressText } from './config/units.ts'

/** The sockets that the governor holds for services. */
export interface HeldSockets extends Disposable {
  /** Takes those that are not held yet; throws what `holdListener` throws, and then holds what it held before. */
  take(services: Config['services']): Promise<void>
  /** The sockets of a service, as they are to be handed over. */
  of(service: ServiceConfig): readonly HeldListener[]
  /** Lets go of all but these. */
  release(used: readonly HeldListener[]): void
}

/** Whether the governor holds the address that a service listens on, and hands it over as a socket. */
export const isHeld = ({ listen, hold, replicas = 1, spare = 0, surge, autoscale }: ServiceConfig): boolean =>
  listen !== undefined &&
  (hold ?? (replicas > 1 || spare > 0 || surge !== undefined || autoscale !== undefined))

/** Sockets by their addresses, so that a service whose file was read again keeps the one that it has. */
export function heldSockets(): HeldSockets {
  const sockets = new Map<string, HeldListener>()
  const drop = (kept: (socket: HeldListener) => boolean): void => {
    for (const [address, socket] of sockets) {
      if (kept(socket)) continue
      sockets.delete(address)
      socket.close()
    }
  }
  return {
    async take(services) {
      const before = [...sockets.values()]
      try {
        for (const service of Object.values(services).filter(isHeld)) {
          const address = addressText(service.listen!)
          if (!sockets.has(address)) sockets.set(address, await holdListener(service.listen!))
        }
      } catch (error) {
        drop((socket) => before.includes(socket))
        throw error
      }
    },
    of: (service) => {
      const socket = isHeld(service) ? sockets.get(addressText(service.listen!)) : undefined
      return socket ? [socket] : []
    },
    release: (used) => drop((socket) => used.includes(socket)),
    [Symbol.dispose]: () => drop(() => false),
  }
}
