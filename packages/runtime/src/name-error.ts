import { HoldfastError } from '@holdfast/policy'

/** Code asked for a name that its configuration does not have. */
export class NameError extends HoldfastError {
  constructor(kind: string, name: string, nearest: string) {
    super(
      'NAME_UNKNOWN',
      `the file has no ${kind} '${name}'${nearest}`,
      `Add it to the file, or ask for one that is there.`,
    )
  }
}
