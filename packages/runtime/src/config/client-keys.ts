import { hash } from 'node:crypto'
import { z } from 'zod'
import { forms } from './forms.ts'
import { count, says, text, word } from './scalars.ts'

/** Fewer characters can be guessed. */
const shortest = 16

/** What a client shows, as its SHA-256 in hex: what is read here is not kept, so that nothing behind it can tell a secret. */
const secret = text.transform((written, at) => {
  const [, hex] = /^sha256:(.*)$/s.exec(written) ?? []
  const complain = (message: string): never => {
    at.addIssue({ code: 'custom', message })
    return z.NEVER
  }
  if (hex !== undefined)
    return /^[0-9a-f]{64}$/i.test(hex)
      ? hex.toLowerCase()
      : complain('must be sha256: and the 64 hexadecimal digits of a hash')
  if (!/^[!-~]*$/.test(written))
    return complain('must be letters, digits and signs of ASCII without a space: it travels in a header')
  if (written.length < shortest)
    return complain(
      `is too short to be safe: at least ${shortest} characters, such as openssl rand -hex 32 gives`,
    )
  return hash('sha256', written, 'hex')
})

const spans = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const aRate = 'must be a number and a time, such as 60/m (s, m, h or d)'

const rate = z.string(says(aRate)).transform((written, at) => {
  const [, limit, per] = /^([1-9]\d{0,14})\/([smhd])$/.exec(written.trim()) ?? []
  if (limit !== undefined) return { limit: Number(limit), per: spans[per as keyof typeof spans] }
  at.addIssue({ code: 'custom', message: aRate })
  return z.NEVER
})

const windows = { '/d': 'day', '/month': 'month', ' total': 'total' } as const
const aSpend = 'must be an amount and a time, such as 20/d, 300/month or 500 total'

const spend = z.string(says(aSpend)).transform((written, at) => {
  const [, amount, window] = /^(\d{1,12}(?:\.\d{1,6})?)(\/d|\/month| total)$/.exec(written.trim()) ?? []
  if (Number(amount) > 0) return { amount: Number(amount), per: windows[window as keyof typeof windows] }
  at.addIssue({ code: 'custom', message: aSpend })
  return z.NEVER
})

const clientKey = z
  .strictObject({
    secret,
    chains: z
      .array(text, says('must be a list of chains'))
      .min(1, says('must have at least one chain'))
      .optional(),
    requests: rate.optional(),
    tokens: rate.optional(),
    spend: spend.optional(),
    concurrent: count.optional(),
    stream: z.literal('buffered', says('must be buffered')).optional(),
  })
  .transform(({ secret: sha256, ...limits }) => ({ sha256, ...limits }))

/** Clients by name. None at all would let nobody in, which nobody means. */
export const clientKeys = z
  .record(word, clientKey)
  .refine((clients) => Object.keys(clients).length > 0, says('must name at least one client'))

const aForm = 'must be a mapping (client: { secret: … }), or file: and the path of one'

const file = z
  .string()
  .refine((written) => /^file:./.test(written), says(aForm))
  .transform((written) => ({ file: written.slice('file:'.length), clients: {} as ClientKeys }))

/** Here, or in a file of their own, which is yet to be read. */
export const keys = forms(
  [clientKeys.transform((clients) => ({ file: undefined as string | undefined, clients })), file],
  aForm,
)

export type ClientKeys = z.infer<typeof clientKeys>
export type ClientKey = ClientKeys[string]
