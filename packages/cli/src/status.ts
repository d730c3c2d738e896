import { runningPolicies, runningStatus, type Status } from '@holdfast/runtime'
import { coloured, paint } from './paint.ts'
import { picture } from './picture.ts'
import { policyLines } from './policy-lines.ts'

interface StatusFlags {
  readonly file: string
  readonly json?: true
}

/** Exit codes of `holdfast status`; 1 is for every error, the most common of which is that nothing runs. */
const exitCodes: Readonly<Record<Status['level'], number>> = { healthy: 0, degraded: 2, unhealthy: 3 }

/** `holdfast status`: the picture of a running Holdfast, once, the policies of its processes, and what ails it. */
export async function status({ file, json }: StatusFlags): Promise<void> {
  const [found, policies] = await Promise.all([runningStatus(file), runningPolicies(file)])
  const { stdout } = process
  const colours = paint(coloured(stdout, process.env))
  const lines = json
    ? [JSON.stringify({ ...found, policies }, null, 2)]
    : [
        ...picture(found, colours, stdout.columns || Infinity),
        ...policyLines(policies, colours),
        ...reasons(found),
      ]
  stdout.write(`${lines.join('\n')}\n`)
  process.exitCode = exitCodes[found.level]
}

function reasons({ components }: Status): string[] {
  const sick = components.filter(({ level }) => level !== 'healthy')
  return sick.length > 0 ? ['', ...sick.map(({ kind, name, reason }) => `${kind} ${name}: ${reason}`)] : []
}
