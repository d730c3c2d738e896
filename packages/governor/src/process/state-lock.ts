import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { GovernorError } from '../governor-error.ts'
import { lives, mark, type ProcessMark } from './process-mark.ts'

/*
 * Which governor a state directory belongs to. A lock is a symbolic link `governor.<n>.lock` whose target is no file but
 * says who holds it: it comes into being whole, in one system call, and only one of two who try can make it.
 *
 * I1  The holder is who made the link with the highest number; a dead holder is succeeded, never removed first, so that
 *     of two who find it dead only one can make the next number.
 * I2  Who made a link and then sees a higher one, or any that lives, holds nothing and takes it back: numbers begin anew
 *     after a release, so a link may be made from a list that is out of date.
 */

/** A hold on a state directory. */
export interface StateLock {
  /** Random; that of the killed governor before it, if there was one, so that what that one left is known as ours. */
  readonly governor: string
  release(): void
}

/**
 * Takes a state directory for this process; throws `ALREADY_RUNNING` while a governor lives there, and `STATE_UNUSABLE`.
 *
 * `before` is the governor whose services live on there, should no lock tell.
 */
export const stateLock = (folder: string, before?: string): StateLock => {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    for (;;) {
      const taken = take(folder, before)
      if (taken) return taken
    }
  } catch (error) {
    if (error instanceof GovernorError) throw error
    throw new GovernorError(
      'STATE_UNUSABLE',
      `cannot keep the state of a governor in ${folder} (${(error as NodeJS.ErrnoException).code ?? error})`,
      'choose a folder in which this user may make files and links',
      { cause: error },
    )
  }
}

/** Tries once; undefined when another was faster. */
const take = (folder: string, survived?: string): StateLock | undefined => {
  const before = held(folder)
  const last = before.at(-1)
  const living = before.find(isLive)?.holder
  if (living)
    throw new GovernorError(
      'ALREADY_RUNNING',
      `a governor already runs in ${folder} (pid ${living.pid})`,
      'stop it first',
    )
  const governor = last?.governor ?? survived ?? randomBytes(12).toString('hex')
  const number = (last?.number ?? 0) + 1
  const own = join(folder, name(number))
  const { pid, started } = mark(process.pid)!
  try {
    symlinkSync([pid, governor, started].join(' '), own)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined
    throw error
  }
  const others = held(folder).filter((each) => each.number !== number)
  if (others.some((each) => each.number > number || isLive(each))) {
    rmSync(own, { force: true })
    return undefined
  }
  for (const each of before) rmSync(join(folder, name(each.number)), { force: true })
  return { governor, release: () => rmSync(own, { force: true }) }
}

interface Held {
  readonly number: number
  readonly governor: string | undefined
  readonly holder: ProcessMark | undefined
}

const isLive = ({ holder }: Held): boolean => holder !== undefined && lives(holder)

const name = (number: number): string => `governor.${number}.lock`

/** All locks there are, the latest last. */
const held = (folder: string): readonly Held[] =>
  readdirSync(folder)
    .flatMap((entry) => /^governor\.([1-9]\d{0,14})\.lock$/.exec(entry)?.[1] ?? [])
    .map((digits) => ({ number: Number(digits), ...holderOf(join(folder, name(Number(digits)))) }))
    .sort((one, other) => one.number - other.number)

const holderOf = (path: string): Pick<Held, 'governor' | 'holder'> => {
  try {
    const [, pid, governor, started] = /^(\d+) ([0-9a-f]{24}) (.+)$/.exec(readlinkSync(path)) ?? []
    if (pid && started) return { governor, holder: { pid: Number(pid), started } }
  } catch {
    // Gone meanwhile, or something that is no link: nobody holds it.
  }
  return { governor: undefined, holder: undefined }
}
