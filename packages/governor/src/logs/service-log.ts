import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { keptText } from './kept-line.ts'
import { logName } from './log-files.ts'
import { type RotatingFileOptions, rotatingFile } from './rotating-file.ts'

export interface ServiceLogOptions extends RotatingFileOptions {
  readonly failed: (why: string) => void
  readonly recovered: (lost: number) => void
}

/** The log files of one service, written to. */
export interface ServiceLog {
  /** Takes a line as `keptText` makes it; resolves when it is out, and never rejects. Undefined: nothing to wait for. */
  write(text: string): Promise<void> | undefined
  /** Writes what is not out at once and without a promise, for the end of the process; what is just being written may come twice. */
  rescue(): void
  /** Resolves when everything is out and the file is closed, or when the disk took nothing for a while. */
  close(): Promise<void>
}

/** Characters that may wait for a slow disk; writers that pause when asked to never come so far. */
const most = 4 * 1024 * 1024
/** How long after a failure the disk is tried again, in ms. */
const pause = 1_000
/** How long a disk may take for the last lines, in ms. */
const patience = 2_000

/*
 * I1  Lines come in the order in which they were given, and whole unless a failure tears one.
 * I2  A line is given to the system as soon as the write before it is done; its promise resolves after it.
 * I3  At most `most` characters wait, and one line more; those above are dropped and counted.
 * I4  A failure is told once, until a write succeeds; lines meanwhile are dropped and counted, nobody waits, and the file says how many are missing.
 * I5  Every line that was given is in a file, is counted, or waits for `rescue`.
 */
/** Writes the log of a service, and rotates it. */
export const serviceLog = (options: ServiceLogOptions): ServiceLog => {
  const { folder, service, clock, wall, failed, recovered } = options
  const file = rotatingFile(options)
  let waiting = ''
  /** Of what is being written, what the system did not take yet. */
  let outgoing: Buffer = nothing
  /** Lines that are missing where the file ends. */
  let lost = 0
  let trouble: { readonly why: string; readonly again: number; lost: number } | undefined
  let writing: Promise<void> | undefined
  let began = 0

  const lose = (lines: number) => {
    lost += lines
    if (trouble) trouble.lost += lines
  }
  const put = async () => {
    const missing = lost
    const why = trouble?.why ?? 'the disk is too slow'
    const time = new Date(wall()).toISOString()
    const line = `${missing} lines are missing here: ${why}`
    const note = missing > 0 ? Buffer.from(keptText({ time, stream: 'holdfast', line })) : nothing
    await file.room(note.length + outgoing.length)
    for (let at = 0; at < note.length; ) at += await file.write(note.subarray(at))
    lost -= missing
    while (outgoing.length > 0) outgoing = outgoing.subarray(await file.write(outgoing))
  }
  const drain = async () => {
    // What comes in the same turn goes out in the same write.
    await null
    do {
      outgoing = Buffer.from(waiting)
      waiting = ''
      began = clock.now()
      try {
        await put()
        if (trouble) recovered(trouble.lost)
        trouble = undefined
      } catch (error) {
        const why = (error as Error).message
        if (!trouble) failed(why)
        trouble = { why, again: clock.now() + pause, lost: trouble?.lost ?? 0 }
        lose(newlines(outgoing))
        outgoing = nothing
        await file.close().catch(() => {})
      }
    } while (waiting !== '')
    writing = undefined
  }

  return {
    write: (text) => {
      if (waiting.length > most || (trouble && clock.now() < trouble.again)) {
        lose(1)
        return undefined
      }
      waiting += text
      writing ??= drain()
      return trouble ? undefined : writing
    },
    rescue: () => {
      // A disk that hangs would keep the process for ever.
      if (writing && clock.now() - began > patience) return
      try {
        const rest = Buffer.concat([outgoing, Buffer.from(waiting)])
        if (rest.length === 0) return
        mkdirSync(folder, { recursive: true, mode: 0o700 })
        appendFileSync(join(folder, logName(service)), rest, { mode: 0o600 })
      } catch {
        // There is nobody left to tell.
      }
      outgoing = nothing
      waiting = ''
    },
    close: async () => {
      let cancel = () => {}
      const late = new Promise<void>((resolve) => {
        cancel = clock.after(patience, resolve)
      })
      const ended = async () => {
        await writing
        // At least how many are missing.
        if (lost > 0) await drain()
        await file.close()
      }
      await Promise.race([ended().catch(() => {}), late])
      cancel()
    },
  }
}

const nothing: Buffer = Buffer.alloc(0)

const newlines = (bytes: Buffer): number => {
  let count = 0
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) count += 1
  return count
}
