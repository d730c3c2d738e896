import { prettyEntry, visible } from './pretty-entry.ts'

/** A line of a log as `prettyEntry` shows it; what is no JSON object stays as it is, but for control characters. */
export function prettyLine(line: string, colored: boolean): string {
  const entry = parsed(line)
  return entry === undefined ? `${visible(line.trimEnd())}\n` : prettyEntry(entry, colored)
}

function parsed(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}
