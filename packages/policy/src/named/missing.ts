import { UnknownNameError } from '../errors.ts'
import { type Kind, status } from './registry.ts'

/** Throws what someone is told who asks by name for what nobody has made. */
export function missing(kind: Kind, name: string): never {
  throw new UnknownNameError(
    kind,
    name,
    status(kind).map((each) => each.name),
  )
}
