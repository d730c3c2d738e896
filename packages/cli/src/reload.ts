import { type Reloaded, reloadFile } from '@holdfast/runtime'
import { progress } from './progress.ts'

interface ReloadFlags {
  readonly file: string
  readonly json?: true
}

/** `holdfast reload`: has the running Holdfast read its file again. Exit code 2 when something is not ready after it, 1 when nothing was changed. */
export async function reload({ file, json }: ReloadFlags): Promise<void> {
  const reloaded = await reloadFile(file, json ? undefined : progress())
  console.log(json ? JSON.stringify(reloaded) : changed(reloaded))
  for (const { service, why } of json ? [] : reloaded.failed) console.error(`${service} is not ready: ${why}`)
  if (reloaded.failed.length > 0) process.exitCode = 2
}

/** What a reload changed, in a line. */
export function changed({ added, removed, replaced, kept }: Reloaded): string {
  const parts = Object.entries({ added, removed, replaced })
    .filter(([, names]) => names.length > 0)
    .map(([word, names]) => `${word} ${names.join(', ')}`)
  return parts.length === 0
    ? 'the file was read again: nothing has changed'
    : `the file was read again: ${parts.join('; ')}; ${kept.length} untouched`
}
