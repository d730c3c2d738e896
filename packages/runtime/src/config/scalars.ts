import { z } from 'zod'
import { ruleFlags } from './rule-flags.ts'
import { address, addressText, bytes, duration, isLoopback } from './units.ts'

/** A complaint in the user's words; a value that is not there at all is missing, whatever it should have been. */
export function says(complaint: string): { error: (issue: { readonly input?: unknown }) => string } {
  return { error: ({ input }) => (input === undefined ? 'is missing' : complaint) }
}

/** A duration with a unit, as ms above 0. */
export const time = z
  .string(says('must be a duration with a unit, such as 500ms, 10s or 2m'))
  .transform((text, at) => {
    const ms = duration(text)
    if (ms !== undefined && ms > 0) return ms
    at.addIssue({
      code: 'custom',
      message: `'${text}' is no duration: write a number above 0 and a unit, such as 500ms, 10s or 2m`,
    })
    return z.NEVER
  })

/** A size with a unit, as bytes above 0. */
export const size = z
  .string(says('must be a size with a unit, such as 512MB or 2GiB'))
  .transform((text, at) => {
    const read = bytes(text)
    if (read !== undefined && read > 0) return read
    at.addIssue({
      code: 'custom',
      message: `'${text}' is no size: write a number above 0 and a unit, such as 512MB or 2GiB`,
    })
    return z.NEVER
  })

/** An address, taken apart; port 0 is none. */
export const place = z.string(says('must be an address such as 127.0.0.1:4700')).transform((text, at) => {
  const read = address(text)
  if (read && read.port > 0) return read
  at.addIssue({ code: 'custom', message: `'${text}' is no address: write host:port, such as 127.0.0.1:4700` })
  return z.NEVER
})

/** An address that only this machine can reach. */
export const loopback = place.superRefine((read, at) => {
  if (isLoopback(read)) return
  at.addIssue({
    code: 'custom',
    message: `${addressText(read)} can be reached from outside, and whoever reaches it is obeyed: listen on 127.0.0.1`,
  })
})

const atLeastOne = says('must be a whole number of at least 1')

/** A whole number of at least 1; its digits may be text, since what comes from the environment always is. */
export const count = z.preprocess(
  (value) => (typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value),
  z.int(atLeastOne).min(1, atLeastOne),
)

const aShare = says('must be a number from 0 to 1')

/** A part of a whole; its digits may be text, as those of a count. */
export const share = z.preprocess(
  (value) => (typeof value === 'string' && /^\d*\.?\d+$/.test(value) ? Number(value) : value),
  z.number(aShare).min(0, aShare).max(1, aShare),
)

const aboveZero = says('must be a number above 0')

/** How much of something; its digits may be text, as those of a count. */
export const amount = z.preprocess(
  (value) => (typeof value === 'string' && /^\d*\.?\d+$/.test(value) ? Number(value) : value),
  z.number(aboveZero).gt(0, aboveZero),
)

/** A name that the file gives to something. */
export const word = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, says('must be a name of letters, digits, _ . and -'))
  .refine((name) => !(name in {}), says('is a name that JavaScript keeps for itself: choose another'))

export const text = z.string(says('must be text')).min(1, says('must not be empty'))

/** A regular expression, as text. */
export const pattern = text.superRefine((source, at) => {
  try {
    new RegExp(source, ruleFlags)
  } catch (error) {
    at.addIssue({ code: 'custom', message: `is no regular expression: ${(error as Error).message}` })
  }
})

/** The address of an upstream: http or https, and no password in it, since addresses are shown. */
export const url = z
  .url({ protocol: /^https?$/, ...says('must be an http:// or https:// address') })
  .refine((text) => {
    const { username, password } = new URL(text)
    return username === '' && password === ''
  }, says('must not hold a name or password, since addresses are shown: use `key`'))
