import type { z } from 'zod'
import { didYouMean } from './did-you-mean.ts'
import { issuesOfForm } from './forms.ts'
import { keysAt } from './known-keys.ts'

/** What is wrong at one place of a file, in the user's words. */
export interface Complaint {
  readonly path: readonly PropertyKey[]
  readonly message: string
  /** Set where the key itself is wrong, not its value. */
  readonly atKey?: true
}

/** What a schema found, one complaint for each thing to mend. */
export function complaints(issue: z.core.$ZodIssue, schema: z.ZodType): Complaint[] {
  const { path } = issue
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, path)
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: `unknown key${didYouMean(key, known)}`,
      atKey: true,
    }))
  }
  const ofForm = issuesOfForm(issue)
  if (ofForm) return ofForm.flatMap((each) => complaints({ ...each, path: [...path, ...each.path] }, schema))
  if (issue.code === 'invalid_key')
    return [{ path, message: issue.issues[0]?.message ?? issue.message, atKey: true }]
  const unworded = issue.code === 'invalid_type' && !/^(must|is missing)/.test(issue.message)
  return [{ path, message: unworded ? typeComplaint(issue) : issue.message }]
}

const kinds: Readonly<Record<string, string>> = {
  object: 'a mapping (key: value)',
  record: 'a mapping (name: …)',
  array: 'a list',
}

function typeComplaint({ expected, message }: z.core.$ZodIssueInvalidType): string {
  return message.includes('received undefined') ? 'is missing' : `must be ${kinds[expected] ?? expected}`
}
