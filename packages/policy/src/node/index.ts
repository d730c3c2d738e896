export { type Context, context, type Trace, withContext } from './context.ts'
export { policyChannel } from './diagnostics.ts'
