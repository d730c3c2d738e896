/** The value as a JSON object, or `undefined` where it is anything else. */
export function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined
}

/** The text parsed as a JSON object, or `undefined` where it is not one. */
export function recordOf(json: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return record(JSON.parse(json))
  } catch {
    return undefined
  }
}
