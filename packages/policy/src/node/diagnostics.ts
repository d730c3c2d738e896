import { channel } from 'node:diagnostics_channel'
import { alsoTo } from '../events.ts'

/** The name of the channel of `node:diagnostics_channel` on which every `PolicyEvent` is published while it has subscribers. */
export const policyChannel = 'holdfast:policy'

alsoTo(channel(policyChannel))
