import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A new folder that is gone after the test, when it is given `onTestFinished`. */
export const folder = (atEnd: (clean: () => void) => void): string => {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-'))
  atEnd(() => rmSync(path, { recursive: true, force: true }))
  return path
}
