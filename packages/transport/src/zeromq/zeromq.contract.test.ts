import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { freePort, peerProcess, type WireUnderTest, wireContract, workLog } from '../testing/index.ts'
import { zeromqClient } from './zeromq-client.ts'

const program = fileURLToPath(import.meta.resolve('../testing/zeromq-peer.ts'))

async function zeromq(): Promise<WireUnderTest> {
  const port = await freePort()
  const log = workLog()
  const peer = peerProcess({ run: [program, String(port), log.file] })
  return {
    peer,
    done: async (text) => log.done(text),
    async connect(pipeline) {
      const client = zeromqClient({ connect: `tcp://127.0.0.1:${port}`, pipeline })
      return {
        ask: (asked, options) => client.call<string>('ask', asked, options),
        close: () => client.close(),
      }
    },
    async [Symbol.asyncDispose]() {
      await peer[Symbol.asyncDispose]()
      log[Symbol.dispose]()
    },
  }
}

wireContract('zeromqClient', zeromq, { describe, it, expect, afterAll, limits: { waitsForPeer: true } })
