export { type Announcement, type AnnounceOptions, announce } from './announce.ts'
export type { Told } from './answer-to.ts'
export { type Context, context, type Trace, withContext } from './context.ts'
export { policyChannel } from './diagnostics.ts'
