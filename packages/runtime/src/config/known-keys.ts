import { z } from 'zod'

/** The keys that the schema knows at a path; empty where any name may stand. */
export function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  let here = bare(schema)
  for (const step of path) {
    here = formFor(here, step)
    if (here instanceof z.ZodObject) here = bare(here.shape[String(step)] ?? z.unknown())
    else if (here instanceof z.ZodRecord) here = bare(here.def.valueType)
    else if (here instanceof z.ZodArray) here = bare(here.def.element)
  }
  here = formFor(here, '')
  return here instanceof z.ZodObject ? Object.keys(here.shape) : []
}

/** Of several forms, the one in which such a step is possible. */
function formFor(schema: z.core.$ZodType, step: PropertyKey): z.core.$ZodType {
  if (!(schema instanceof z.ZodUnion)) return schema
  const forms = schema.def.options.map(bare)
  const wanted = typeof step === 'number' ? [z.ZodArray] : [z.ZodObject, z.ZodRecord]
  return forms.find((form) => wanted.some((kind) => form instanceof kind)) ?? schema
}

function bare(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return bare(schema.def.innerType)
  if (schema instanceof z.ZodPipe)
    return bare(schema.def.in instanceof z.ZodTransform ? schema.def.out : schema.def.in)
  return schema
}
