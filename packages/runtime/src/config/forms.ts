import { z } from 'zod'

type Issues = readonly z.core.$ZodIssue[]

/** A value that can be written in several forms: what is wrong with the one that was meant is told, and `complaint` where it is none of them. */
export function forms<const T extends readonly z.ZodType[]>(options: T, complaint: string) {
  return z.union(options, {
    error: ({ code, input, ...issue }) => {
      if (input === undefined) return 'is missing'
      return code === 'invalid_union' && meant(issue['errors'] as readonly Issues[]) ? inItsForm : complaint
    },
  })
}

/** What is wrong with the form that was meant; `undefined` if the issue is another one. */
export function issuesOfForm(issue: z.core.$ZodIssue): Issues | undefined {
  return issue.code === 'invalid_union' && issue.message === inItsForm ? meant(issue.errors) : undefined
}

const inItsForm = 'is wrong in its form'

/** The form whose complaints are not about the form itself. */
function meant(errors: readonly Issues[]): Issues | undefined {
  return errors.find((issues) => issues.every(({ code, path }) => code !== 'invalid_type' || path.length > 0))
}
