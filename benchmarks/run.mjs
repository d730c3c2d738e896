// `npm run bench -- NAME` runs one benchmark on the pinned Node; `npm run bench` lists them.
// Runs on whatever Node the machine has (18 and up), so it uses nothing newer.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const names = readdirSync(here).filter((name) => existsSync(join(here, name, 'bench.ts')))
const [name, ...options] = process.argv.slice(2)

if (name === undefined) {
  console.log('Benchmarks, each one question (npm run bench -- NAME):\n')
  for (const known of names) console.log(`  ${known.padEnd(12)}${question(known)}`)
} else if (!names.includes(name)) {
  fail(`there is no benchmark called "${name}". There is: ${names.join(', ')}.`)
} else {
  install()
  run(join(here, name, 'bench.ts'))
}

/** The first line of text in a benchmark's README. */
function question(known) {
  const lines = readFileSync(join(here, known, 'README.md'), 'utf8').split('\n')
  return lines.find((line) => line !== '' && !line.startsWith('#'))
}

/** Installs what the benchmarks compare with, once: again only when their lock file changed. */
function install() {
  const stamp = join(here, 'node_modules', '.holdfast-installed')
  const lock = readFileSync(join(here, 'package-lock.json'), 'utf8')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return
  console.error('bench: installing what the benchmarks compare with, once …')
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error']
  const npm = process.env.npm_execpath
  const stdio = ['ignore', 2, 2] // the last line of our standard output is the result
  const ran = npm
    ? spawnSync(process.execPath, [npm, ...args], { cwd: here, stdio })
    : spawnSync('npm', args, { cwd: here, stdio, shell: process.platform === 'win32' })
  if (ran.status !== 0) fail('npm could not install the dependencies; its own message is above.')
  writeFileSync(stamp, lock)
}

function run(file) {
  const node = join(here, '..', 'node_modules', '.bin', 'node')
  if (!existsSync(node)) fail('the pinned Node is not installed. Try: npm ci, in the root of the repository.')
  const child = spawn(node, ['--conditions=@holdfast/source', file, ...options], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.once('error', (error) => fail(error.message))
  child.once('exit', (code) => {
    process.exitCode = code === null ? 1 : code
  })
}

function fail(why) {
  console.error(`bench: ${why}`)
  process.exit(1)
}
