// A peer in Python, asked: see pyzmq.sh.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { retry, timeout, wrap } from '@holdfast/policy'
import { freePort } from '@holdfast/transport/testing'
import { zeromqRequester } from '@holdfast/transport/zeromq'

const program = `
import sys, time, zmq
socket = zmq.Context().socket(zmq.REP)
socket.bind(sys.argv[1])
print('ready', flush=True)
while True:
    frames = socket.recv_multipart()
    if frames[0] == b'slow':
        time.sleep(0.2)
    socket.send_multipart([b'python'] + frames)
`
const address = `tcp://127.0.0.1:${await freePort()}`

async function python(): Promise<ChildProcess> {
  const child = spawn(process.env['PYTHON'] ?? 'python3', ['-c', program, address], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout!, 'data')
  return child
}

const pipeline = wrap(retry({ attempts: 100, backoff: { initial: 5, max: 20 } }), timeout(2_000))
await using requester = zeromqRequester({ connect: address, pipeline })
const ask = async (text: string, options = {}) => String((await requester.request(text, options)).join(' '))

let peer = await python()
assert.equal(await ask('hello'), 'python hello')
await assert.rejects(ask('slow', { within: 50 }), { code: 'DEADLINE_PASSED' })
assert.equal(await ask('not stale'), 'python not stale')
const many = Array.from({ length: 500 }, (_, n) => ask(`request ${n}`))
assert.deepEqual(
  await Promise.all(many),
  many.map((_, n) => `python request ${n}`),
)
const under = ask('slow', { idempotent: true })
while (requester.status().sent === 0) await new Promise(setImmediate)
peer.kill('SIGKILL')
await once(peer, 'exit')
const again = ask('after', { idempotent: true })
peer = await python()
assert.deepEqual(await Promise.all([under, again]), ['python slow', 'python after'])
peer.kill('SIGKILL')
console.log('pyzmq: answered, never stale, killed and asked again')
