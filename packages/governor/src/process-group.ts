import { execFile } from 'node:child_process'
import type { Clock } from '@holdfast/policy'

/** Signals every process of a group; false when the group has no members any more. Signal 0 only asks. */
export const signalGroup = (pid: number, signal: NodeJS.Signals | 0): boolean => {
  // kill(-1) is everyone and kill(0) is ourselves: a pid that is not one must never get that far.
  if (!Number.isSafeInteger(pid) || pid <= 1) throw new RangeError(`${pid} is not a process group`)
  try {
    process.kill(-pid, signal)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    // EPERM: there are members, and none of them may be signalled (another user's, or on macOS only zombies).
    if ((error as NodeJS.ErrnoException).code === 'EPERM') return true
    throw error
  }
}

/** How long a group may take to vanish after SIGKILL before it counts as surviving, in ms. */
export const reapWithin = 5_000

/**
 * Kills what is left of a group and calls `done(true)` once it is gone: at once, when it already is.
 *
 * `done(false)` when it still lives after `reapWithin`. Members that are dead but that nobody collects (zombies below
 * an init that does not wait, as in some containers) count as gone.
 */
export const reapGroup = (pid: number, clock: Clock, done: (gone: boolean) => void): void => {
  signalGroup(pid, 'SIGKILL')
  const until = clock.now() + reapWithin
  const look = (pause: number) => {
    if (!signalGroup(pid, 0)) return done(true)
    if (clock.now() >= until) return done(false)
    const again = () => clock.after(pause, () => look(Math.min(pause * 2, 100)))
    if (pause < 32) return void again()
    onlyZombies(pid, (dead) => (dead ? done(true) : again()))
  }
  look(1)
}

const onlyZombies = (group: number, answer: (dead: boolean) => void): void => {
  execFile('ps', ['-A', '-o', 'pgid=,stat='], (error, stdout) => {
    const members = stdout.split('\n').map((row) => row.trim().split(/\s+/))
    const living = members.some(([pgid, stat = '']) => Number(pgid) === group && !stat.startsWith('Z'))
    answer(!error && !living)
  })
}
