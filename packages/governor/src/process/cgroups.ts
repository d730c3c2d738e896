import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, systemClock } from '@holdfast/policy'
import { reapWithin } from '../process-group.ts'
import { type Unit, unitOf, unitText } from './unit.ts'

/*
 * Control groups (v2), where this process may make them below its own: one for each run, `holdfast-<governor>/<unit>`.
 * No process leaves one by itself, so they hold also what left its process group and overwrote its environment.
 *
 * I1  They are never required: what cannot be made or entered is done without.
 * I2  A group is removed with the last process in it; the folder of the governor with the last group.
 */
export interface Cgroups {
  /** The folder with the groups of this governor. */
  readonly folder: string
  /** Puts the process of a run into a group of its own, together with all that it will start. */
  enter(unit: Unit, pid: number): void
  /** Kills all that is in the groups that are wanted, and removes them. */
  end(wanted: (unit: Unit) => boolean): Promise<void>
}

export interface CgroupsOptions {
  readonly governor: string
  readonly clock?: Clock
  /** The control group of this process. */
  readonly own?: string | undefined
}

/** The groups of a governor; undefined where this process may make none. */
export const cgroups = ({
  governor,
  clock = systemClock,
  own = ownCgroup(),
}: CgroupsOptions): Cgroups | undefined => {
  if (own === undefined) return undefined
  const folder = join(own, `holdfast-${governor}`)
  const entering = new Map<string, Promise<unknown>>()

  const remove = async (path: string) => {
    const until = clock.now() + reapWithin
    for (let round = 1; clock.now() < until; round++) {
      try {
        return rmdirSync(path)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
        // Busy: somebody in it has not died yet.
        kill(path)
        await new Promise<unknown>((resolve) =>
          round > 20 ? clock.after(20, () => resolve(undefined)) : setImmediate(resolve),
        )
      }
    }
  }
  return {
    folder,
    enter: (unit, pid) => {
      const path = join(folder, directory(unit))
      try {
        // One by one: `recursive` never ends where the system refuses with ENOENT.
        if (!existsSync(folder)) mkdirSync(folder)
        mkdirSync(path)
      } catch {
        return
      }
      // Takes most of a millisecond, in which the child boots and the loop need not stand still.
      const entered = writeFile(join(path, 'cgroup.procs'), String(pid)).catch(() => {})
      entering.set(path, entered)
      void entered.then(() => entering.delete(path))
    },
    end: async (wanted) => {
      const groups = existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : []
      await Promise.all(
        groups.map(async (entry) => {
          const unit = entry.isDirectory() ? unitOf(entry.name.replaceAll(':', '/')) : undefined
          if (!unit || !wanted(unit)) return
          const path = join(folder, entry.name)
          await entering.get(path)
          await remove(path)
        }),
      )
      try {
        rmdirSync(folder)
      } catch {
        // Not empty, or never made.
      }
    },
  }
}

const kill = (path: string): void => {
  try {
    writeFileSync(join(path, 'cgroup.kill'), '1')
  } catch {
    // A kernel before 5.14 has no such file: then the mark in the environment has to do.
  }
}

/** The folder of this process's own control group, if it may make groups in it. */
export const ownCgroup = (): string | undefined => {
  try {
    const mount = readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .find((row) => row.includes(' - cgroup2 '))
      ?.split(' ')
    const path = /^0::(\/.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1]
    if (!mount || path === undefined) return undefined
    const [, , , root = '/', point = ''] = mount
    if (!path.startsWith(root)) return undefined
    const own = join(point, root === '/' ? path : path.slice(root.length))
    accessSync(own, constants.W_OK)
    accessSync(join(own, 'cgroup.procs'), constants.W_OK)
    return own
  } catch {
    return undefined
  }
}

const directory = (unit: Unit): string => unitText(unit).replaceAll('/', ':')
