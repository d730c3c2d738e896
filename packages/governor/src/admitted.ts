import { Socket } from 'node:net'
import { createInterface } from 'node:readline'

/**
 * Waits until this process is to begin, and tells which replica of its service it is, from 1.
 *
 * For a replica that is at once. A spare waits until it takes the place of one that fell; it has loaded its modules before,
 * and listens and says that it is ready after. When the governor is gone nobody will ever let it in: then it exits with 0.
 */
export const admitted = async (environment: NodeJS.ProcessEnv = process.env): Promise<number> => {
  const { HOLDFAST_SPARE_FD: door, HOLDFAST_REPLICA: replica = '1' } = environment
  if (door === undefined) return Number(replica)
  const socket = new Socket({ fd: Number(door), readable: true, writable: false })
  for await (const line of createInterface({ input: socket })) {
    const [, number] = /^go (\d+)/.exec(line) ?? []
    if (number === undefined) continue
    socket.destroy()
    return Number(number)
  }
  return process.exit(0)
}
