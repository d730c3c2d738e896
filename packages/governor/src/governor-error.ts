import { HoldfastError } from '@holdfast/policy'

/** What can be wrong, one word each. */
export type GovernorErrorCode =
  | 'BAD_SERVICE'
  | 'BAD_ENVIRONMENT'
  | 'UNKNOWN_SERVICE'
  | 'UNKNOWN_NEED'
  | 'NEED_CYCLE'
  | 'COMMAND_SYNTAX'
  | 'ADDRESS_IN_USE'
  | 'ADDRESS_UNUSABLE'
  | 'NAME_TAKEN'
  | 'STILL_NEEDED'
  | 'STILL_RUNNING'
  | 'ALREADY_RUNNING'
  | 'STATE_UNUSABLE'
  | 'UNSUPPORTED_PLATFORM'

/** The governor refuses what was asked. `code` tells programs which; the message tells people why and what to try. */
export class GovernorError extends HoldfastError {
  declare readonly code: GovernorErrorCode

  constructor(code: GovernorErrorCode, what: string, hint: string, options?: ErrorOptions) {
    super(code, `${what}; ${hint}`, hint, options)
  }
}
