// A program for tests: does what its one argument, a ChildBehaviour in JSON, says. Plain JavaScript starts faster.
import { spawn } from 'node:child_process'
import { writeSync } from 'node:fs'
import { createServer } from 'node:http'

/** @type {import('./child-command.ts').ChildBehaviour} */
const behaviour = JSON.parse(process.argv[2] ?? '{}')
// Synchronous, so that nothing is lost in an exit right after it.
const say = (line) => writeSync(1, `${line}\n`)

if (behaviour.ignoreTerm) process.on('SIGTERM', () => say('ignored SIGTERM'))
for (const line of behaviour.say ?? []) say(line)
if (behaviour.grandchild) {
  const stubborn = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1e6); console.log('up')`
  const { pid, stdout } = spawn(process.execPath, ['-e', stubborn], { stdio: ['ignore', 'pipe', 'ignore'] })
  stdout.once('data', () => say(`grandchild ${pid}`))
}
if (behaviour.family) {
  const sleeper = ['sleep', ['1000']]
  const same = spawn(...sleeper, { stdio: 'ignore' })
  const session = spawn(...sleeper, { stdio: 'ignore', detached: true })
  const fork = ['sh', ['-c', 'sleep 1000 > /dev/null & echo $!']]
  const twice = spawn(...fork, { stdio: ['ignore', 'pipe', 'ignore'], detached: true })
  twice.stdout.once('data', (pid) =>
    say(`family ${process.pid} ${same.pid} ${session.pid} ${String(pid).trim()}`),
  )
}
if (behaviour.serve !== undefined) {
  const server = createServer((request, response) => {
    response.statusCode = request.url === '/pid' ? 200 : (behaviour.status ?? 200)
    response.end(String(process.pid))
  })
  const where = behaviour.serve === 'inherited' ? { fd: 3 } : { host: '127.0.0.1', port: behaviour.serve }
  server.listen(where, () => say(`listening ${server.address().port}`))
}
if (behaviour.exit !== undefined) process.exit(behaviour.exit)
setInterval(() => {}, 1_000_000)
