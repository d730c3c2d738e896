import { changeLogLevel, type LogLevelChange, type LogLevels, runningLogLevels } from '@holdfast/runtime'

interface LogLevelFlags {
  readonly file: string
  readonly service?: string
  readonly json?: true
}

/** `holdfast log-level`: how much is told; `holdfast log-level LEVEL [--service NAME]`: how much is told from now on. */
export async function logLevel(
  level: string | undefined,
  { file, service, json }: LogLevelFlags,
): Promise<void> {
  const levels =
    level === undefined
      ? await runningLogLevels(file)
      : await changeLogLevel(file, { level: level as LogLevelChange['level'], service })
  const only = level === undefined && service !== undefined
  console.log(
    json ? JSON.stringify(levels) : only ? (levels.services[service] ?? levels.level) : listed(levels),
  )
}

function listed({ level, services }: LogLevels): string {
  return [level, ...Object.entries(services).map(([name, own]) => `${name}: ${own}`)].join('\n')
}
