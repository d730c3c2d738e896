import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What peers have done, in a file, so that no kill can undo it. */
export interface WorkLog extends Disposable {
  readonly file: string
  /** How often it was done. */
  done(text: string): number
}

export function workLog(): WorkLog {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-wire-'))
  const file = join(folder, 'done')
  writeFileSync(file, '')
  return {
    file,
    done: (text) =>
      readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line === JSON.stringify(text)).length,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** In the peer: it has been done. */
export function note(file: string, text: string): void {
  appendFileSync(file, `${JSON.stringify(text)}\n`)
}
