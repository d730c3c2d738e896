import { hash, randomBytes } from 'node:crypto'
import { InvalidArgumentError } from 'commander'

/** A name that the file can give to a client. */
export function clientName(written: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(written)) return written
  throw new InvalidArgumentError('A name has letters, digits, _ . and -.')
}

/** `holdfast key`: a fresh secret for a client, and the line of the file that knows it by its hash. Nothing is kept of it. */
export function key(name: string, { json }: { readonly json?: true }): void {
  const secret = `hf-${randomBytes(32).toString('base64url')}`
  const known = `sha256:${hash('sha256', secret, 'hex')}`
  if (json) console.log(JSON.stringify({ name, secret, known }))
  else
    console.log(
      `for ${name}, who alone should have it:\n  ${secret}\nfor the file, under gateway: keys:\n  ${name}: { secret: ${known} }`,
    )
}
