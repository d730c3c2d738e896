import { DiskShelf, type DiskShelfOptions } from './disk-shelf.ts'
import type { KeptAnswer } from './kept-answer.ts'
import { MemoryShelf } from './memory-shelf.ts'

export type Keep = 'memory' | 'disk'

export interface ShelvesOptions extends Pick<DiskShelfOptions, 'wall' | 'complain'> {
  /** Bytes in the memory of this process. */
  readonly memory: number
  /** Where answers are kept that outlive it, and how many bytes of them. */
  readonly disk: { readonly folder: string; readonly most: number } | undefined
}

/** Where the answers of all chains are kept: in memory, and those of chains that say so on the disk besides. */
export class Shelves {
  readonly wall: () => number
  readonly memory: MemoryShelf
  readonly disk: DiskShelf | undefined

  constructor({ memory, disk, wall, complain }: ShelvesOptions) {
    this.wall = wall
    this.memory = new MemoryShelf(memory)
    this.disk = disk && new DiskShelf({ ...disk, wall, complain })
  }

  /** Looks on the disk, where another process may have put a newer one, and keeps what it finds at hand. */
  async fetch(key: string): Promise<void> {
    const found = await this.disk?.get(key)
    if (found && found.at > (this.memory.get(key)?.at ?? -Infinity)) this.memory.put(key, found)
  }

  put(
    key: string,
    answer: KeptAnswer,
    { keep, until }: { readonly keep: Keep; readonly until: number },
  ): void {
    this.memory.put(key, answer)
    if (keep === 'disk') this.disk?.put(key, answer, until)
  }
}
