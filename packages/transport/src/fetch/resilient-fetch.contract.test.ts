import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { WireFailure } from '../failure.ts'
import { freePort, peerProcess, type WireUnderTest, wireContract, workLog } from '../testing/index.ts'
import { resilientFetch } from './resilient-fetch.ts'

const program = fileURLToPath(import.meta.resolve('../testing/http-peer.ts'))

async function http(): Promise<WireUnderTest> {
  const port = await freePort()
  const log = workLog()
  const peer = peerProcess({ run: [program, String(port), log.file] })
  return {
    peer,
    done: async (text) => log.done(text),
    async connect(pipeline) {
      const ask = resilientFetch(pipeline, { base: `http://127.0.0.1:${port}`, whole: true })
      return {
        async ask(asked, { idempotent, ...options }) {
          const response = await ask('/', {
            method: idempotent ? 'PUT' : 'POST',
            body: JSON.stringify(asked),
            ...options,
          })
          const text = await response.text()
          if (response.ok) return text
          const of = text as 'transient'
          throw new WireFailure({ class: of, message: text })
        },
        close: () => ask.close(),
      }
    },
    async [Symbol.asyncDispose]() {
      await peer[Symbol.asyncDispose]()
      log[Symbol.dispose]()
    },
  }
}

wireContract('resilientFetch', http, { describe, it, expect, afterAll })
