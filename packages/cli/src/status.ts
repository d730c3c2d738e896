import { runningStatus, type Status } from '@holdfast/runtime'
import { coloured, paint } from './paint.ts'
import { picture } from './picture.ts'

interface StatusFlags {
  readonly file: string
  readonly json?: true
}

/** Exit codes of `holdfast status`; 1 is for every error, the most common of which is that nothing runs. */
const exitCodes: Readonly<Record<Status['level'], number>> = { healthy: 0, degraded: 2, unhealthy: 3 }

/** `holdfast status`: the picture of a running Holdfast, once. */
export async function status({ file, json }: StatusFlags): Promise<void> {
  const found = await runningStatus(file)
  const { stdout } = process
  if (json) stdout.write(`${JSON.stringify(found, null, 2)}\n`)
  else
    stdout.write(
      `${[...picture(found, paint(coloured(stdout, process.env)), stdout.columns ?? 100), ...reasons(found)].join('\n')}\n`,
    )
  process.exitCode = exitCodes[found.level]
}

function reasons({ components }: Status): string[] {
  const sick = components.filter(({ level }) => level !== 'healthy')
  return sick.length > 0 ? ['', ...sick.map(({ kind, name, reason }) => `${kind} ${name}: ${reason}`)] : []
}
