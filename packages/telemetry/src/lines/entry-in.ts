/** The JSON object that a line is, if it is one. */
export function entryIn(text: string): Readonly<Record<string, unknown>> | undefined {
  if (!text.startsWith('{') || text.length > longest) return undefined
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>
  } catch {
    return undefined
  }
}

const longest = 1_048_576
