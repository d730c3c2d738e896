import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { breaker } from '../breaker/breaker.ts'
import { forget } from '../named/registry.ts'
import { type Announcement, type AnnounceOptions, announce } from './announce.ts'

type Message = Readonly<Record<string, unknown>>

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const each of cleanUp.splice(0).reverse()) await each()
})
const freshPath = () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-announce-'))
  cleanUp.push(() => rmSync(folder, { recursive: true }))
  return join(folder, 'control.sock')
}
const announced = (options: AnnounceOptions): Announcement => {
  const announcement = announce(options)
  cleanUp.push(() => announcement.close())
  return announcement
}

/** One process that announced itself, seen by the one who was told. */
interface Peer {
  readonly socket: Socket
  /** The next line that it sends. */
  read(): Promise<Message>
  write(text: string): void
}

/** Somebody who listens where a Holdfast would. */
async function listening(path: string) {
  const peers: Peer[] = []
  const waiting: (() => void)[] = []
  const server: Server = createServer((socket) => {
    const lines = createInterface({ input: socket })[Symbol.asyncIterator]()
    peers.push({
      socket: socket.on('error', () => {}),
      read: async () => JSON.parse((await lines.next()).value as string) as Message,
      write: (text) => void socket.write(text),
    })
    for (const wake of waiting.splice(0)) wake()
  })
  server.listen(path)
  await once(server, 'listening')
  const close = async () => {
    const closed = once(server, 'close')
    server.close()
    for (const { socket } of peers) socket.destroy()
    await closed
  }
  let taken = 0
  const peer = async (): Promise<Peer> => {
    if (peers.length <= taken) await new Promise<void>((resolve) => waiting.push(resolve))
    return peers[taken++]!
  }
  const ask = async ({ read, write }: Peer, call: string, input?: unknown) => {
    write(`${JSON.stringify({ id: 7, call, with: input })}\n`)
    return read()
  }
  return { peer, ask, close, peers }
}
const heard = async (path: string) => {
  const there = await listening(path)
  cleanUp.push(() => (there.peers.every(({ socket }) => socket.destroyed) ? undefined : there.close()))
  return there
}

describe('announce', () => {
  it('does nothing where no Holdfast is named', () => {
    const before = process.getActiveResourcesInfo()
    using nowhere = announce({ path: '' })
    nowhere.close()

    expect(nowhere.is).toBe('closed')
    expect(announce({ path: undefined }).is).toBe('closed')
    expect(process.getActiveResourcesInfo()).toEqual(before)
  })

  it('says who it is, tells its policies, and resets and isolates them by name', async () => {
    const path = freshPath()
    const { peer, ask } = await heard(path)
    const gate = breaker('announced gate')
    cleanUp.push(() => forget('announced gate'))
    const link = announced({ path, service: 'ai' })
    const process_ = await peer()
    const name = { name: 'announced gate' }

    expect(await process_.read()).toEqual({
      id: 1,
      call: 'announce',
      with: { pid: process.pid, service: 'ai' },
    })
    process_.write('{"id":1,"ok":null}\n')
    expect(link.is).toBe('connected')
    expect(await ask(process_, 'isolate', name)).toEqual({ id: 7, ok: true })
    expect(await ask(process_, 'policies')).toMatchObject({
      id: 7,
      ok: { kinds: { breaker: [{ ...name, is: 'isolated' }] }, omitted: 0 },
    })
    expect(await ask(process_, 'reset', { ...name, kind: 'breaker' })).toEqual({ id: 7, ok: true })
    expect(gate.status().is).toBe('closed')
    expect(await ask(process_, 'reset', { name: 'nobody' })).toEqual({ id: 7, ok: false })
  })

  it('refuses what it does not know, and survives what is no call at all, in any pieces', async () => {
    const path = freshPath()
    const { peer, ask } = await heard(path)
    announced({ path })
    const process_ = await peer()
    await process_.read()
    for (const line of ['', 'nonsense', '7', 'null', '[]', '{"id":1}', '{"call":"reset"}', '{"event":{}}'])
      process_.write(`${line}\n`)

    expect(await ask(process_, 'shutdown')).toMatchObject({ id: 7, error: { code: 'UNKNOWN_CALL' } })
    expect(await ask(process_, 'reset')).toMatchObject({ id: 7, error: { code: 'BAD_CALL' } })
    process_.write('{"id":8,"call":"pol')
    process_.write('icies"}\n{"id":9,"call":"policies"}\n')
    expect([(await process_.read())['id'], (await process_.read())['id']]).toEqual([8, 9])
  })

  it('ends a connection on which a line does not end, and comes back', async () => {
    const path = freshPath()
    const { peer, ask } = await heard(path)
    announced({ path, random: () => 0 })
    const first = await peer()
    await first.read()
    first.write('x'.repeat(70_000))
    const second = await peer()
    await second.read()

    expect(await ask(second, 'policies')).toMatchObject({ id: 7 })
    expect(first.socket.destroyed || (await once(first.socket, 'close'))).toBeTruthy()
  })

  it('comes back when the Holdfast does', async () => {
    const path = freshPath()
    const first = await listening(path)
    const link = announced({ path, random: () => 0.01 })
    await (await first.peer()).read()
    await first.close()
    const second = await heard(path)

    expect(await (await second.peer()).read()).toMatchObject({ call: 'announce' })
    expect(link.is).toBe('connected')
  })

  it('is one however often it is asked for, and none once it is closed', async () => {
    const path = freshPath()
    const { peer, peers } = await heard(path)
    const link = announced({ path })
    expect(announce({ path })).toBe(link)
    const { socket } = await peer()
    socket.resume()
    link[Symbol.dispose]()
    await once(socket, 'close')

    expect(link.is).toBe('closed')
    expect(peers).toHaveLength(1)
    expect(announced({ path })).not.toBe(link)
  })

  it('bears a path that cannot be one', () => {
    for (const path of ['/nowhere/at/all', `/${'x'.repeat(500)}`, 'a\0b']) {
      const link = announced({ path })
      expect(link.is).toBe('connecting')
    }
    expect(() => announce({ pth: 'x' } as object)).toThrow(/announce.pth/)
  })

  it('does not keep the process alive, neither connected nor waiting', async () => {
    const door = pathToFileURL(join(import.meta.dirname, 'index.ts')).href
    const code = `const { announce } = await import('${door}'); announce(); await new Promise((done) => setTimeout(done, 60))`
    const run = (path: string) => {
      const args = ['--input-type=module', '-e', code]
      return spawn(process.execPath, args, {
        env: { ...process.env, HOLDFAST_CONTROL: path, HOLDFAST_SERVICE: 's' },
      })
    }
    const path = freshPath()
    const { peer } = await heard(path)
    const connected = run(path)
    const waiting = run(`${path}.not`)
    const ended = Promise.all([once(connected, 'exit'), once(waiting, 'exit')])
    expect(await (await peer()).read()).toMatchObject({ with: { pid: connected.pid, service: 's' } })

    expect((await ended).map(([exitCode]) => exitCode)).toEqual([0, 0])
  })

  it('needs no part of Node but what the door itself imports until there is somebody to tell', () => {
    const door = pathToFileURL(join(import.meta.dirname, 'index.ts')).href
    const code = `const { announce } = await import('${door}'); announce(); console.log(process.moduleLoadList.includes('NativeModule net'))`
    const { HOLDFAST_CONTROL: _, ...env } = process.env
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
      encoding: 'utf8',
      env,
    })

    expect(stdout).toBe('false\n')
  })
})
