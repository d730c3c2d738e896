export { type ActiveSpan, activeSpan } from './active-span.ts'
export { errorType } from './error-type.ts'
export {
  continueTrace,
  currentTrace,
  type ReceivedHeaders,
  type TraceHeaders,
  traceHeaders,
} from './trace-headers.ts'
export { tracePolicies } from './trace-policies.ts'
export { type SpanRole, type TracedOptions, traced } from './traced.ts'
