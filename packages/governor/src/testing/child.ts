import { spawn } from 'node:child_process'
import { writeSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ChildBehaviour } from './child-command.ts'

// A program for tests: does what its one argument, a ChildBehaviour in JSON, says.

const behaviour = JSON.parse(process.argv[2] ?? '{}') as ChildBehaviour
// Synchronous, so that nothing is lost in an exit right after it.
const say = (line: string) => writeSync(1, `${line}\n`)

for (const line of behaviour.say ?? []) say(line)
if (behaviour.ignoreTerm) process.on('SIGTERM', () => say('ignored SIGTERM'))
if (behaviour.grandchild) {
  const stubborn = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1e6); console.log('up')`
  const { pid, stdout } = spawn(process.execPath, ['-e', stubborn], { stdio: ['ignore', 'pipe', 'ignore'] })
  stdout.once('data', () => say(`grandchild ${pid}`))
}
if (behaviour.serve !== undefined) {
  const server = createServer((request, response) => {
    response.statusCode = request.url === '/pid' ? 200 : (behaviour.status ?? 200)
    response.end(String(process.pid))
  })
  server.listen(
    behaviour.serve === 'inherited' ? { fd: 3 } : { host: '127.0.0.1', port: behaviour.serve },
    () => say(`listening ${(server.address() as AddressInfo).port}`),
  )
}
if (behaviour.exit !== undefined) process.exit(behaviour.exit)
setInterval(() => {}, 1_000_000)
