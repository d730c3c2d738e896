import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { askingService } from '../testing/grpc-asking.ts'
import { freePort, peerProcess, type WireUnderTest, wireContract, workLog } from '../testing/index.ts'
import { grpcClient } from './grpc-client.ts'

const program = fileURLToPath(import.meta.resolve('../testing/grpc-peer.ts'))

async function grpc(): Promise<WireUnderTest> {
  const address = `127.0.0.1:${await freePort()}`
  const log = workLog()
  const peer = peerProcess({ run: [program, address, log.file] })
  return {
    peer,
    done: async (text) => log.done(text),
    async connect(pipeline) {
      const { rpc, close } = grpcClient(askingService, { address, pipeline })
      return { ask: (ask, options) => rpc.ask(ask, options), close }
    },
    async [Symbol.asyncDispose]() {
      await peer[Symbol.asyncDispose]()
      log[Symbol.dispose]()
    },
  }
}

wireContract('grpcClient', grpc, { describe, it, expect, afterAll })
