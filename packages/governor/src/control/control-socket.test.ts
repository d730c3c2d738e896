import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fakeClock } from '@holdfast/policy/testing'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { type ControlClient, type ControlClientOptions, connectControl } from './control-client.ts'
import { controlPath } from './control-path.ts'
import { type ControlOptions, type ControlSocket, serveControl } from './control-socket.ts'

/** A folder that is gone after the test. */
const folder = () => {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const open: (ControlSocket | ControlClient | Socket)[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await ('close' in each ? each.close() : each.destroy())
})
const freshPath = () => join(folder(), 'control.sock')
const serving = async (calls: ControlOptions['calls'] = {}, path = freshPath()) => {
  const server = await serveControl({ path, calls })
  open.push(server)
  return { server, path }
}
const client = async (path: string, options?: ControlClientOptions) => {
  const connected = await connectControl(path, options)
  open.push(connected)
  return connected
}
/** Sends bytes as they are and resolves with the answers. */
const raw = async (path: string, text: string, answers = 1) => {
  const socket = connect(path)
  open.push(socket)
  socket.write(text)
  let heard = ''
  for await (const chunk of socket) {
    heard += chunk
    if (heard.split('\n').length > answers) break
  }
  return heard
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)
}

const codeOf = (error: { code: string }) => error.code

describe('serveControl', () => {
  it('answers each call with what it returns or resolves to', async () => {
    const { path } = await serving({
      add: (input) => (input as number[]).reduce((a, b) => a + b),
      later: async (input) => ({ input }),
      nothing: () => {},
    })
    const { call } = await client(path)

    expect(await Promise.all([call('add', [1, 2]), call('later', 'grüße'), call('nothing')])).toEqual([
      3,
      { input: 'grüße' },
      null,
    ])
  })

  it('asks whoever called it in its turn, and hears the answer or the refusal', async () => {
    const heard: unknown[] = []
    const { path } = await serving({
      hello: async (_, { call }) => {
        heard.push(await call('name', { polite: true }))
        heard.push(await call('age').catch((error: unknown) => error))
        return 'welcome'
      },
    })
    const socket = connect(path)
    open.push(socket)
    socket.write('{"id":1,"call":"hello"}\n')
    const asked: unknown[] = []
    for await (const chunk of socket) {
      const message = JSON.parse(String(chunk)) as { id: number; call?: string }
      asked.push(message)
      if (message.call === undefined) break
      const refused = { error: { code: 'PRIVATE', message: 'not told' } }
      socket.write(
        `${JSON.stringify({ id: message.id, ...(message.call === 'name' ? { ok: 'Ada' } : refused) })}\n`,
      )
    }

    expect(asked).toEqual([
      { id: 1, call: 'name', with: { polite: true } },
      { id: 2, call: 'age' },
      { id: 1, ok: 'welcome' },
    ])
    expect(heard).toEqual(['Ada', expect.objectContaining({ code: 'PRIVATE', message: 'not told' })])
  })

  it('stops waiting for the answer of a peer that has gone, or is silent', async () => {
    const clock = fakeClock()
    const path = freshPath()
    const failures: Promise<unknown>[] = []
    const asked = Promise.withResolvers<void>()
    const server = await serveControl({
      path,
      clock,
      calls: {
        hello: (_, { call }) => {
          for (const timeout of [50, 5_000]) failures.push(call('name', null, { timeout }).catch(codeOf))
          asked.resolve()
        },
      },
    })
    open.push(server)
    const socket = connect(path)
    open.push(socket)
    socket.write('{"id":1,"call":"hello"}\n')
    await asked.promise
    await clock.advance(50)
    expect(await failures[0]).toBe('TIMEOUT')
    socket.destroy()

    expect(await failures[1]).toBe('PEER_GONE')
    expect(clock.pending).toBe(0)
  })

  it('answers a throw with its code and message', async () => {
    const { path } = await serving({
      fail: () => {
        throw Object.assign(new Error('no such service'), { code: 'UNKNOWN_SERVICE' })
      },
      break: async () => Promise.reject(new TypeError('oh')),
      odd: () => 1n,
    })
    const { call } = await client(path)

    await expect(call('fail')).rejects.toMatchObject({ code: 'UNKNOWN_SERVICE', message: 'no such service' })
    await expect(call('break')).rejects.toMatchObject({ code: 'CALL_FAILED', message: 'oh' })
    await expect(call('odd')).rejects.toMatchObject({ code: 'BAD_ANSWER' })
    await expect(call('toString')).rejects.toMatchObject({ code: 'UNKNOWN_CALL' })
    await expect(call('nope')).rejects.toThrow('use one of: fail, break, odd, listen')
  })

  it('pushes events to those who listen, and to no one else', async () => {
    const { server, path } = await serving({ ping: () => 'pong' })
    const heard: unknown[] = []
    const listener = await client(path, { onEvent: (event) => heard.push(event) })
    const other = await client(path, { onEvent: () => heard.push('overheard') })
    await listener.call('listen')

    server.broadcast({ type: 'service.ready' })
    await Promise.all([listener.call('ping'), other.call('ping')])

    expect(heard).toEqual([{ type: 'service.ready' }])
  })

  it('says what is wrong with a message, and goes on', async () => {
    const { path } = await serving({ ping: () => 'pong' })

    expect(await raw(path, 'nonsense\n{"id":7}\n[]\n{"id":8,"call":"ping"}\n', 4)).toMatchObject([
      { id: null, error: { code: 'BAD_JSON' } },
      { id: 7, error: { code: 'BAD_CALL' } },
      { id: null, error: { code: 'BAD_JSON' } },
      { id: 8, ok: 'pong' },
    ])
  })

  it('ends a connection whose message is too long', async () => {
    const { path } = await serving({ ping: () => 'pong' })

    expect(await raw(path, 'x'.repeat(1_100_000))).toMatchObject([{ error: { code: 'TOO_LONG' } }])
    expect(await (await client(path)).call('ping')).toBe('pong')
  })

  it('tells a call that its peer has gone, and does not mind', async () => {
    let asked = () => {}
    const begun = new Promise<void>((resolve) => (asked = resolve))
    const gone = Promise.withResolvers<void>()
    const { path } = await serving({
      wait: async (_, { signal }) => {
        asked()
        await once(signal, 'abort')
        gone.resolve()
        return 'too late'
      },
    })
    const { call, close } = await client(path)
    const answer = call('wait')
    await begun

    close()

    await expect(answer).rejects.toMatchObject({ code: 'PEER_GONE' })
    await gone.promise
  })

  it('may be opened by this user only', async () => {
    const { path } = await serving()

    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('refuses a path on which somebody answers', async () => {
    const { path } = await serving()

    await expect(serveControl({ path, calls: {} })).rejects.toMatchObject({
      code: 'ALREADY_RUNNING',
      message: expect.stringContaining(path),
    })
  })

  it('replaces the socket of a process that was killed', async () => {
    const path = freshPath()
    const script = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`
    spawnSync(process.execPath, ['-e', script, path])
    expect(existsSync(path)).toBe(true)

    await serving({ ping: () => 'pong' }, path)

    expect(await (await client(path)).call('ping')).toBe('pong')
  })

  it('never removes a file that is no socket', async () => {
    const path = freshPath()
    writeFileSync(path, 'precious')

    await expect(serveControl({ path, calls: {} })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    expect(existsSync(path)).toBe(true)
  })

  it('removes its socket when it closes, and lets everyone know', async () => {
    const { server, path } = await serving({ wait: () => new Promise(() => {}) })
    const closed = Promise.withResolvers<void>()
    const { call } = await client(path, { onClose: closed.resolve })
    const answer = call('wait')
    const refused = expect(answer).rejects.toMatchObject({ code: 'PEER_GONE' })

    await server.close()

    await Promise.all([closed.promise, refused])
    await expect(call('wait')).rejects.toMatchObject({ code: 'PEER_GONE' })
    expect(existsSync(path)).toBe(false)
  })
})

describe('connectControl', () => {
  it('says that nobody answers', async () => {
    await expect(connectControl(freshPath())).rejects.toMatchObject({ code: 'NOT_RUNNING' })
  })

  it('gives up on an answer when its time is over', async () => {
    const clock = fakeClock()
    const { path } = await serving({ wait: () => new Promise(() => {}) })
    const { call } = await client(path, { clock })
    const refused = expect(call('wait', null, { timeout: 50 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: 'no answer to "wait" within 50 ms',
    })

    await clock.advance(50)

    await refused
    expect(clock.pending).toBe(0)
  })

  it('refuses to send what is no JSON, and what is too long', async () => {
    const { path } = await serving({ long: () => 'x'.repeat(1024 * 1024) })
    const { call } = await client(path)

    await expect(call('listen', 1n)).rejects.toMatchObject({ code: 'BAD_CALL' })
    await expect(call('listen', 'x'.repeat(1024 * 1024))).rejects.toMatchObject({ code: 'BAD_CALL' })
    await expect(call('long')).rejects.toMatchObject({ code: 'BAD_ANSWER' })
    expect(await call('listen')).toBeNull()
  })

  it('answers what it is asked in its turn', async () => {
    const { path } = await serving({ ask: (input, { call }) => call('double', input) })
    const { call } = await client(path, { calls: { double: (input) => 2 * (input as number) } })
    const silent = await client(path)

    expect(await call('ask', 21)).toBe(42)
    await expect(silent.call('ask', 21)).rejects.toMatchObject({ code: 'UNKNOWN_CALL' })
  })
})

describe('controlPath', () => {
  it('stays in the state directory where it fits, and is short where not', () => {
    const long = `/tmp/${'deep/'.repeat(30)}`

    expect(controlPath('/srv/.holdfast')).toBe('/srv/.holdfast/control.sock')
    expect(controlPath(long).length).toBeLessThan(104)
    expect(controlPath(long)).toBe(controlPath(`${long}/`))
    expect(controlPath(long)).not.toBe(controlPath(`${long}x`))
  })
})
