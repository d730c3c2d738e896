import { type FSWatcher, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A child that listens, and since when (ns, on the clock that all processes share). */
export interface Ready {
  readonly pid: number
  readonly at: bigint
}

/** The file to which children write that they listen, in a folder of its own. */
export interface ReadyFile extends Disposable {
  readonly folder: string
  readonly path: string
  /** How many there are so far. */
  count(): number
  /** Resolves with all of them once there are so many; rejects after 30 s. */
  all(count: number): Promise<readonly Ready[]>
}

/** A new one. */
export function readyFile(): ReadyFile {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
  const path = join(folder, 'ready')
  writeFileSync(path, '')
  const waiting = new Set<() => void>()
  const watcher: FSWatcher = watch(path, () => {
    for (const look of waiting) look()
  })
  const read = (): Ready[] =>
    Array.from(readFileSync(path, 'utf8').matchAll(/^(\d+) (\d+)$/gm), ([, pid, at]) => ({
      pid: Number(pid),
      at: BigInt(at!),
    }))
  return {
    folder,
    path,
    count: () => read().length,
    all: (count) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => {
          waiting.delete(look)
          reject(new Error(`${read().length} of ${count} children listened within 30 s`))
        }, 30_000)
        const look = (): void => {
          const found = read()
          if (found.length < count) return
          waiting.delete(look)
          clearTimeout(late)
          resolve(found)
        }
        waiting.add(look)
        look()
      }),
    [Symbol.dispose]() {
      watcher.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
