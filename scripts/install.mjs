// Installs what the workspace needs before `npm start` and `npm test`, once: again only when the lock file changed.
// Runs on whatever Node the machine has (18 and up), so it uses nothing newer.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const stamp = join(root, 'node_modules', '.holdfast-installed')
const lock = readFileSync(join(root, 'package-lock.json'), 'utf8')
const pinned = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node')

/** Where whoever installs says so: npm empties `node_modules`, and two that do at once leave a heap of rubble. */
const gate = join(root, '.holdfast-installing')

while (!isInstalled()) {
  if (!enter()) await new Promise((resolve) => setTimeout(resolve, 200))
  else if (isInstalled()) leave()
  else install()
}

function isInstalled() {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === lock && existsSync(pinned)
}

/** Whether it is our turn; who was killed in the middle is not waited for. */
function enter() {
  try {
    mkdirSync(gate)
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    if (isAbandoned()) leave()
    return false
  }
  process.once('exit', leave)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1))
  writeFileSync(join(gate, 'pid'), String(process.pid))
  return true
}

function isAbandoned() {
  try {
    process.kill(Number(readFileSync(join(gate, 'pid'), 'utf8')), 0)
    return false
  } catch (error) {
    const nameless =
      error.code === 'ENOENT' && existsSync(gate) && Date.now() - statSync(gate).mtimeMs > 10_000
    return error.code === 'ESRCH' || nameless
  }
}

function leave() {
  rmSync(gate, { recursive: true, force: true })
}

function install() {
  const started = Date.now()
  console.error('holdfast: installing what it needs, once (Node 24 included) …')
  const npm = process.env.npm_execpath
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error']
  const ran = npm
    ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
    : spawnSync('npm', args, {
        cwd: root,
        stdio: ['ignore', 'pipe', 'inherit'],
        shell: process.platform === 'win32',
      })
  if (ran.status !== 0) fail('npm could not install the dependencies; its own message is above.')
  const node = spawnSync(pinned, ['--version'], { encoding: 'utf8', shell: process.platform === 'win32' })
  if (node.status !== 0) {
    fail('the pinned Node did not install. Is `ignore-scripts` set? Try: npm ci --ignore-scripts=false')
  }
  writeFileSync(stamp, lock)
  leave()
  console.error(
    `holdfast: installed in ${Math.round((Date.now() - started) / 1000)} s, running on Node ${node.stdout.trim()}`,
  )
}

function fail(why) {
  console.error(`holdfast: ${why}`)
  process.exit(1)
}
