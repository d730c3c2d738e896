import { type ChildProcess, spawn } from 'node:child_process'
import type { ProcessMark } from './process-mark.ts'
import { unitVariable } from './unit.ts'

/*
 * A shell that waits for the end of its governor, however that comes, and then kills what it left.
 *
 * It reads the governor's wishes from a pipe that only the governor holds: the kernel closes it when the governor dies.
 *
 * I1  A group is killed only while its leader is the process that was named, or is dead.
 * I2  It lives only while there is something to end; `revoke` leaves no process.
 */
const script = `
trap '' HUP INT TERM QUIT
runs= governor= group=
while read -r wish pid started; do
  case $wish in
    governor) governor=$pid ;;
    cgroup) group=$pid ;;
    add) runs="$runs $pid:$started" ;;
    remove)
      kept=
      for run in $runs; do [ "\${run%%:*}" = "$pid" ] || kept="$kept $run"; done
      runs=$kept ;;
  esac
done
for run in $runs; do
  pid=\${run%%:*} started=\${run#*:}
  if [ -n "$started" ] && [ -r "/proc/$pid/stat" ] && read -r stat < "/proc/$pid/stat"; then
    set -- \${stat##*) }
    [ "\${20}" = "$started" ] || continue
  fi
  kill -s KILL -- "-$pid" 2>/dev/null
done
[ -z "$group" ] || for each in "$group/$governor":kill:*; do
  echo 1 > "$each/cgroup.kill"
done 2>/dev/null
round=0
while [ "$round" -lt 20 ]; do
  round=$((round + 1)) found=
  for file in $(grep -lsF "=$governor/kill/" /proc/[0-9]*/environ; grep -lsF " $governor/kill/" /proc/[0-9]*/environ); do
    pid=\${file#/proc/}
    kill -s KILL "\${pid%/environ}" 2>/dev/null && found=1
  done
  [ -n "$found" ] || break
done
round=0
while [ -n "$group" ] && [ -d "$group" ] && [ "$round" -lt 50 ]; do
  round=$((round + 1))
  rmdir "$group/$governor":kill:* "$group" || sleep 0.02
done 2>/dev/null
`

export interface LastWillOptions {
  readonly governor: string
  /** The folder of the governor's control groups, where it has some. */
  readonly cgroup?: string | undefined
  /** Told when there can be no such shell: what a killed governor leaves then waits for the next one. */
  readonly failed: (why: string) => void
}

/** What shall be killed when this process is. */
export interface LastWill {
  add(process: ProcessMark): void
  remove(pid: number): void
  /** Resolves when the shell is gone; a later `add` starts another. */
  revoke(): Promise<void>
}

/** Sees to it that groups, and all that is marked to end with its governor, do not outlive this process. */
export const lastWill = ({ governor, cgroup, failed }: LastWillOptions): LastWill => {
  const wishes = new Map<number, string>()
  let shell: ChildProcess | undefined

  const write = (...words: readonly (string | number)[]) => shell?.stdin?.write(`${words.join(' ')}\n`)
  const begin = () => {
    // Neither the marks of its own governor's services nor anything else of the environment is handed on.
    const { PATH = '/usr/bin:/bin', [unitVariable]: outer } = process.env
    const env = { PATH, ...(outer === undefined ? {} : { [unitVariable]: outer }) }
    const born = spawn('/bin/sh', ['-c', script, 'holdfast-last-will'], {
      detached: true,
      cwd: '/',
      env,
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    shell = born
    born.stdin.on('error', () => {})
    born.once('error', (error) => {
      shell = undefined
      failed(`what outlives this process will not be ended at once: ${error.message}`)
    })
    born.once('exit', () => {
      if (shell !== born) return
      shell = undefined
      if (wishes.size > 0) begin()
    })
    born.unref()
    ;(born.stdin as typeof born.stdin & { unref?: () => void }).unref?.()
    write('governor', governor)
    if (cgroup !== undefined) write('cgroup', cgroup)
    for (const [pid, started] of wishes) write('add', pid, started)
  }
  return {
    add: ({ pid, started }) => {
      // Only ticks since boot can be compared by a shell.
      wishes.set(pid, /^\S+ (\d+)$/.exec(started)?.[1] ?? '')
      if (shell) write('add', pid, wishes.get(pid)!)
      else begin()
    },
    remove: (pid) => {
      if (wishes.delete(pid)) write('remove', pid)
    },
    revoke: async () => {
      wishes.clear()
      const ending = shell
      shell = undefined
      if (!ending?.pid || ending.exitCode !== null || ending.signalCode !== null) return
      const gone = new Promise((resolve) => ending.once('exit', resolve))
      ending.ref()
      ending.kill('SIGKILL')
      await gone
    },
  }
}
