import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { timeout, wrap } from '@holdfast/policy'
import { describe, expect, it } from 'vitest'
import { Router } from 'zeromq'
import { encode, nothing } from './message.ts'
import { zeromqClient } from './zeromq-client.ts'
import { zeromqServer } from './zeromq-server.ts'

/** What hangs a REQ socket of zeromq.js, each without a word (docs/wires/zeromq.md). */
describe('zeromqClient, where REQ hangs', () => {
  const echoing = () => zeromqServer({ bind: 'tcp://127.0.0.1:*', handlers: { echo: (said) => said } })

  it('drops and counts an answer that nobody asked for', async () => {
    const peer = new Router({ linger: 0, sendTimeout: 0 })
    await peer.bind('tcp://127.0.0.1:*')
    await using client = zeromqClient({ connect: peer.lastEndpoint! })
    const asked = client.call('echo', 1)
    const [caller, ask] = await peer.receive()
    const reply = (id: number) => encode([{ kind: 'reply', id, method: '', envelope: '', body: nothing }])
    await peer.send([caller!, reply(4_711)])
    await peer.send([caller!, reply(ask!.readUInt32BE(7))])

    await asked
    expect(client.status()).toMatchObject({ late: 1, sent: 0 })
    peer.close()
  })

  it('sends a second request before the first is answered', async () => {
    const first = Promise.withResolvers()
    await using server = zeromqServer({
      bind: 'tcp://127.0.0.1:*',
      handlers: { first: () => first.promise, second: () => first.resolve('answered') },
    })
    await using client = zeromqClient({ connect: server.address })
    const slow = client.call('first')
    await client.call('second')

    expect(await slow).toBe('answered')
  })

  it('takes a thousand requests at once', async () => {
    await using server = echoing()
    await using client = zeromqClient({ connect: server.address })
    const numbers = Array.from({ length: 1_000 }, (_, n) => n)

    expect(await Promise.all(numbers.map((n) => client.call('echo', n)))).toEqual(numbers)
  })

  it('sends again after a request has run out of time', async () => {
    await using server = zeromqServer({
      bind: 'tcp://127.0.0.1:*',
      handlers: { echo: (said) => said, hang: () => new Promise(() => undefined) },
    })
    await using client = zeromqClient({ connect: server.address, pipeline: wrap(timeout(5_000)) })
    await expect(client.call('hang', 1, { within: 20 })).rejects.toMatchObject({ code: 'DEADLINE_PASSED' })

    expect(await client.call('echo', 2)).toBe(2)
    await server.close({ within: 0.001 })
  })

  it('lets a process end that has something unsent, once it is closed', async () => {
    const deaf = createServer(() => undefined).listen(0, '127.0.0.1')
    await once(deaf, 'listening')
    const { port } = deaf.address() as { port: number }
    const code = `
      import { zeromqClient } from ${JSON.stringify(import.meta.resolve('./index.ts'))}
      const client = zeromqClient({ connect: 'tcp://127.0.0.1:${port}' })
      const asked = client.call('echo', 'x'.repeat(1_000_000)).catch((error) => console.log(error.code))
      await client.close()
      await asked`
    const args = ['--conditions=@holdfast/source', '--input-type=module-typescript', '--eval', code]
    const cwd = fileURLToPath(import.meta.resolve('.'))
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd, timeout: 8_000 })

    expect(stdout).toBe('ZEROMQ_CLOSED\n')
    deaf.close()
  })
})
