import { z } from 'zod'
import { forms } from './forms.ts'
import { says, share, text, time, word } from './scalars.ts'

const links = <T extends z.ZodType>(link: T) =>
  z.array(link, says('must be a list of links')).min(1, says('must have at least one link'))

const aWeight = says('must be a number of at least 0')

const weight = z.preprocess(
  (value) => (typeof value === 'string' && /^\d*\.?\d+$/.test(value) ? Number(value) : value),
  z.number(aWeight).min(0, aWeight),
)

const link = forms(
  [text, z.strictObject({ link: text, weight: weight.optional(), policy: word.optional() })],
  'must be a link, or a mapping: { link, weight, policy }',
)

const orders = ['cascade', 'weighted', 'least-loaded', 'cheapest', 'fastest'] as const

const shape = z.strictObject({
  links: links(link),
  order: z.enum(orders, says(`must be one of ${orders.join(', ')}`)).default('cascade'),
  /** When the next link is asked too, and the share of requests for which it may be. */
  hedge: z
    .preprocess(
      (value) => (typeof value === 'string' ? { after: value } : value),
      z.strictObject({ after: time, share: share.optional() }),
    )
    .optional(),
  /** How long an answer may be given again, and for how long after that one is better than none. */
  cache: z
    .preprocess(
      (value) => (typeof value === 'string' ? { for: value } : value),
      z.strictObject({
        for: time,
        stale: time.optional(),
        keep: z.enum(['memory', 'disk'], says('must be memory or disk')).optional(),
        apart: z.boolean(says('must be true or false')).optional(),
      }),
    )
    .optional(),
  stream: z.literal('buffered', says('must be buffered')).optional(),
})

/** A list of links, or a mapping that says more; read, it is the mapping. `linksAt` is where in it the links were written. */
export const chain = z
  .preprocess(
    (value) => (value === null ? [] : value),
    forms([links(link), shape], 'must be a list of links, or a mapping with `links`'),
  )
  .transform((written) => {
    const plain = Array.isArray(written)
    const said = plain ? { links: written, order: 'cascade' as const } : written
    return { ...said, links: said.links.map(linkOf), linksAt: plain ? [] : ['links'] }
  })

export type ChainConfig = z.infer<typeof chain>
export type LinkConfig = ChainConfig['links'][number]

function linkOf(written: z.infer<typeof link>): Exclude<z.infer<typeof link>, string> {
  return typeof written === 'string' ? { link: written } : written
}
