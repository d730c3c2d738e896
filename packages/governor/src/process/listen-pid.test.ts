import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { holdListener } from '../held-listener.ts'
import { kept, quick, spec, stopKept } from '../testing/kept-governor.ts'
import { withListenPid } from './listen-pid.ts'

afterEach(stopKept)

const env = { PATH: process.env['PATH'] }

/** What sd_listen_fds(3) does, in its words, and then a server of one answer on what it found. */
const python = `
import os, socket, sys
def sd_listen_fds():
    if os.environ.get('LISTEN_PID') != str(os.getpid()): return []
    return range(3, 3 + int(os.environ['LISTEN_FDS']))
[fd] = sd_listen_fds()
server = socket.fromfd(fd, socket.AF_INET, socket.SOCK_STREAM)
server.listen()
print('up', os.environ['LISTEN_FDNAMES'], flush=True)
while True:
    client, _ = server.accept()
    client.recv(65536)
    client.sendall(b'HTTP/1.1 200 OK\\r\\nconnection: close\\r\\ncontent-length: 6\\r\\n\\r\\npython')
    client.close()
`

describe('withListenPid', () => {
  it('lets a program in another language take its sockets as systemd would hand them over', async () => {
    const held = await holdListener({ host: '127.0.0.1', port: 0 })
    onTestFinished(held.close)
    const { g, line, of } = kept([
      { name: 'py', command: ['python3', '-c', python], listen: [held], ready: { line: 'up' }, ...quick },
    ])

    expect(await g.start()).toEqual({ ready: ['py'], failed: [] })
    expect((await line(/^up (\d+)$/))[1]).toBe(String(held.port))
    expect(await (await fetch(`http://127.0.0.1:${held.port}`)).text()).toBe('python')
    expect(of('py').pid).toBeGreaterThan(1)
  })

  it('is the process that was spawned, with all its words and its environment', async () => {
    const held = await holdListener({ host: '127.0.0.1', port: 0 })
    onTestFinished(held.close)
    const words = ['two words', '', "it's", '$HOME']
    const program =
      'console.log(JSON.stringify([process.env.LISTEN_PID, process.env.ODD, ...process.argv.slice(1)]))'
    const command = ['node', '-e', `${program}; setInterval(() => {}, 1e6)`, '--', ...words]
    const { g, line, of } = kept([
      spec('a', { command, listen: [held], ready: { line: '[' }, env: { ODD: '"$\n' } }),
    ])
    await g.start()

    const [said] = await line(/^\[.*\]$/)
    expect(JSON.parse(said)).toEqual([String(of('a').pid), '"$\n', ...words])
  })

  it('leaves alone what cannot be run, so that the system says why, and what a shell would take something from', () => {
    const shell = ['/bin/sh', '-c', 'export LISTEN_PID=$$; exec "$@"', 'holdfast-listen-pid']

    expect(withListenPid(['sh', '-c', 'x'], { cwd: undefined, env })).toEqual([...shell, 'sh', '-c', 'x'])
    expect(withListenPid(['./sh'], { cwd: '/bin', env })).toEqual([...shell, './sh'])
    expect(withListenPid(['no-such-program'], { cwd: undefined, env })).toEqual(['no-such-program'])
    expect(withListenPid(['/etc/passwd'], { cwd: undefined, env })).toEqual(['/etc/passwd'])
    expect(withListenPid(['sh'], { cwd: undefined, env: { ...env, 'a.b': '1' } })).toEqual(['sh'])
  })
})
