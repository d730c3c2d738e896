import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type KeptAnswer, read, written } from './kept-answer.ts'

export interface DiskShelfOptions {
  readonly folder: string
  /** How many bytes of the disk all answers in it may take; those of no use for the soonest go first. */
  readonly most: number
  /** Ms since 1970. */
  readonly wall: () => number
  /** Hears, once until one is again, why an answer could not be kept; the request is answered all the same. */
  readonly complain: (error: unknown) => void
}

/** So many answers are written at the same time; when the disk does not keep up, others are not kept. */
const mostWrites = 64
/** A file that was begun so long ago, in ms, was left by a process that died. */
const abandoned = 60_000
const unfinished = '.new'
/** A file takes a whole number of these, in bytes. */
const block = 4_096

/**
 * Answers as files in a folder that several processes may use.
 *
 * I1  A file has its name only when it is whole; whatever else is found under a name (a part of a file, another's file, none) is no answer.
 * I2  What a file is worth ends at its modification time, so that cleaning up need not read it.
 * I3  Each process counts what it has written itself, and looks at the whole folder after every twentieth part of `most`: so far `most` may be passed by each.
 * I4  Only the user of the process can read them: they are what was asked and answered.
 */
export class DiskShelf {
  readonly #options: DiskShelfOptions
  readonly #reads = new Map<string, Promise<KeptAnswer | undefined>>()
  readonly #writes = new Set<Promise<void>>()
  #bytes = 0
  #unseen = Infinity
  #evicted = 0
  #begun = 0
  #works = true
  #sweeping: Promise<void> | undefined

  constructor(options: DiskShelfOptions) {
    this.#options = options
  }

  /** On the disk, about: what was there at the last look, and what was written since. */
  get bytes(): number {
    return this.#bytes
  }

  get evicted(): number {
    return this.#evicted
  }

  /** Who asks for the same at the same time shares one look. */
  get(key: string): Promise<KeptAnswer | undefined> {
    const known = this.#reads.get(key)
    if (known) return known
    const reading = readFile(this.#path(key))
      .then((file) => read(key, file))
      .catch(() => undefined)
      .finally(() => this.#reads.delete(key))
    this.#reads.set(key, reading)
    return reading
  }

  /** Keeps an answer that is of use until `until`, in ms since 1970; later, and perhaps not at all. */
  put(key: string, answer: KeptAnswer, until: number): void {
    if (this.#writes.size >= mostWrites) return
    const writing = this.#write(key, written(key, answer), until)
      .then(() => this.#went(true))
      .catch((error: unknown) => this.#went(false, error))
      .finally(() => this.#writes.delete(writing))
    this.#writes.add(writing)
  }

  /** Resolves when all that was given to it is on the disk, and nothing is being cleaned up. */
  async settled(): Promise<void> {
    while (this.#writes.size > 0 || this.#sweeping) await Promise.all([...this.#writes, this.#sweeping])
  }

  async #write(key: string, file: Buffer, until: number): Promise<void> {
    const path = this.#path(key)
    const draft = `${path}.${process.pid}-${this.#begun++}${unfinished}`
    await mkdir(join(path, '..'), { recursive: true, mode: 0o700 })
    try {
      const handle = await open(draft, 'wx', 0o600)
      try {
        await handle.writeFile(file)
        await handle.utimes(until / 1_000, until / 1_000)
      } finally {
        await handle.close()
      }
      await rename(draft, path)
    } catch (error) {
      await rm(draft, { force: true })
      throw error
    }
    const bytes = Math.ceil(file.length / block) * block
    this.#bytes += bytes
    this.#unseen += bytes
    if (this.#unseen > this.#options.most / 20) this.#sweep()
  }

  #went(well: boolean, error?: unknown): void {
    if (!well && this.#works) this.#options.complain(error)
    this.#works = well
  }

  #sweep(): void {
    if (this.#sweeping) return
    this.#unseen = 0
    this.#sweeping = this.#cleanUp()
      .catch((error: unknown) => this.#went(false, error))
      .finally(() => {
        this.#sweeping = undefined
      })
  }

  /** Takes away what is of no use any more, and then, if there is still too much, what soonest will be. */
  async #cleanUp(): Promise<void> {
    const { folder, most, wall } = this.#options
    const now = wall()
    const kept: Entry[] = []
    for (const part of await names(folder)) {
      for (const entry of await entries(join(folder, part))) {
        const useless = entry.path.endsWith(unfinished) ? entry.written < now - abandoned : entry.until < now
        if (useless) await rm(entry.path, { force: true })
        else kept.push(entry)
      }
    }
    let bytes = kept.reduce((sum, entry) => sum + entry.bytes, 0)
    if (bytes > most) {
      kept.sort((a, b) => b.until - a.until)
      while (bytes > most * 0.9) {
        const { path, bytes: size } = kept.pop()!
        await rm(path, { force: true })
        bytes -= size
        this.#evicted++
      }
    }
    this.#bytes = bytes
  }

  /** In 256 folders, since some file systems are slow with many names in one. */
  #path(key: string): string {
    return join(this.#options.folder, key.slice(0, 2), key)
  }
}

interface Entry {
  readonly path: string
  /** What it takes on the disk. */
  readonly bytes: number
  readonly until: number
  readonly written: number
}

async function entries(folder: string): Promise<Entry[]> {
  const found = await Promise.all(
    (await names(folder)).map(async (name): Promise<Entry[]> => {
      const path = join(folder, name)
      const of = await stat(path).catch(() => undefined)
      if (!of?.isFile()) return []
      return [{ path, bytes: of.blocks * 512, until: of.mtimeMs, written: of.ctimeMs }]
    }),
  )
  return found.flat()
}

/** None where there is no such folder. */
function names(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => [])
}
