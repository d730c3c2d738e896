import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, describe, expect, it } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'quickstart-'))
const source = import.meta.resolve('../examples/quickstart/demo/running.ts')

/** A program that tells its process id and how often it is asked to end, and starts another in a process group of its own. */
const stubborn = script(
  'stubborn',
  `import { spawn, spawnSync } from 'node:child_process'
   const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' })
   let asked = 0
   process.on('SIGTERM', () => console.log('asked', ++asked))
   console.log('pids', process.pid, other.pid)`,
)

/** A program that ends when it is asked to, with its own exit code. */
const polite = script(
  'polite',
  `setInterval(() => {}, 1000)
   process.once('SIGTERM', () => process.exit(7))
   console.log('pids', process.pid)`,
)

/** Runs one of them, and stops it at each line that we write. */
const keeper = script(
  'keeper',
  `import { running } from ${JSON.stringify(source)}
   const run = running([process.argv[2]], 'pass')
   process.stdin.on('data', run.stop)
   console.log('ended', await run.exited)
   process.exit()`,
)

function script(name: string, text: string): string {
  const file = join(folder, `${name}.mjs`)
  writeFileSync(file, text)
  return file
}

function keep(program: string) {
  const child = spawn(process.execPath, [keeper, program], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  return {
    child,
    stop: () => child.stdin.write('stop\n'),
    /** The words after this one, on the next line that begins with it. */
    async said(word: string): Promise<string[]> {
      for (;;) {
        const { value, done } = await lines.next()
        if (done) throw new Error(`it ended without saying ${word}`)
        const [first, ...rest] = value.split(' ')
        if (first === word) return rest
      }
    },
  }
}

/** Resolves when all these processes are gone. */
async function gone(pids: readonly string[]): Promise<void> {
  while (pids.some(lives)) await new Promise(setImmediate)
}

/** Whether a process runs; one that is dead and only waits for its parent to notice does not. */
function lives(pid: string): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', pid], { encoding: 'utf8' })
  return /^[^Z]/.test(stdout.trim())
}

const ended = (child: ChildProcess) => once(child, 'exit')

describe('running', () => {
  afterAll(() => rmSync(folder, { recursive: true }))

  it('passes on what the program writes, and its exit code', async () => {
    const kept = keep(polite)
    await kept.said('pids')
    kept.stop()
    expect(await kept.said('ended')).toEqual(['7'])
  })

  it('asks once, and kills all that descends from it the second time', async () => {
    const kept = keep(stubborn)
    const pids = await kept.said('pids')
    expect(pids).toHaveLength(2)
    kept.stop()
    expect(await kept.said('asked')).toEqual(['1'])
    expect(pids.every(lives)).toBe(true)
    kept.stop()
    expect(await kept.said('ended')).toEqual(['1'])
    await gone(pids)
  })

  it('takes its program along when it is killed itself', async () => {
    const kept = keep(polite)
    const pids = await kept.said('pids')
    kept.child.kill('SIGKILL')
    await ended(kept.child)
    await gone(pids)
  })
})
