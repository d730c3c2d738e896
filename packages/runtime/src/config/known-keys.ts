import { z } from 'zod'

/** The keys that the schema knows at a path; empty where any name may stand. */
export function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  let here = bare(schema)
  for (const step of path) {
    if (here instanceof z.ZodObject) here = bare(here.shape[String(step)] ?? z.unknown())
    else if (here instanceof z.ZodRecord) here = bare(here.def.valueType)
    else if (here instanceof z.ZodArray) here = bare(here.def.element)
  }
  return here instanceof z.ZodObject ? Object.keys(here.shape) : []
}

function bare(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return bare(schema.def.innerType)
  if (schema instanceof z.ZodPipe)
    return bare(schema.def.in instanceof z.ZodTransform ? schema.def.out : schema.def.in)
  return schema
}

/** `; did you mean 'url'?`, where one of the known names is close enough to what was written, else the names themselves. */
export function didYouMean(written: string, known: readonly string[]): string {
  const [nearest] = known
    .map((name) => ({ name, steps: distance(written.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.steps - b.steps)
  if (nearest && nearest.steps <= Math.max(1, Math.floor(written.length / 3)))
    return `; did you mean '${nearest.name}'?`
  return known.length > 0 ? `; known are ${known.join(', ')}` : ''
}

/** Levenshtein's distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
    }
    row = next
  }
  return row[b.length]!
}
