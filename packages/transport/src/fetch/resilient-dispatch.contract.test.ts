import { fileURLToPath } from 'node:url'
import { Agent, request } from 'undici'
import { afterAll, describe, expect, it } from 'vitest'
import { WireFailure } from '../failure.ts'
import { freePort, peerProcess, type WireUnderTest, wireContract, workLog } from '../testing/index.ts'
import { resilientDispatch } from './resilient-dispatch.ts'

const program = fileURLToPath(import.meta.resolve('../testing/http-peer.ts'))

async function http(): Promise<WireUnderTest> {
  const port = await freePort()
  const log = workLog()
  const peer = peerProcess({ run: [program, String(port), log.file] })
  const base = `http://127.0.0.1:${port}`
  return {
    peer,
    done: async (text) => log.done(text),
    async connect(pipeline) {
      const agent = new Agent()
      const dispatcher = agent.compose(resilientDispatch(pipeline, { base }))
      return {
        async ask(asked, { idempotent, signal, ...told }) {
          const method = idempotent ? 'PUT' : 'POST'
          const body = JSON.stringify(asked)
          const answer = await request(base, { dispatcher, method, body, signal: signal ?? null, ...told })
          const text = await answer.body.text()
          if (answer.statusCode === 200) return text
          throw new WireFailure({ class: text as 'transient', message: text })
        },
        close: () => agent.destroy(),
      }
    },
    async [Symbol.asyncDispose]() {
      await peer[Symbol.asyncDispose]()
      log[Symbol.dispose]()
    },
  }
}

wireContract('resilientDispatch', http, { describe, it, expect, afterAll, limits: { givesEarly: true } })
