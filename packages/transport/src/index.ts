export {
  classOfError,
  classOfStatus,
  type FailureClass,
  type FailureFacts,
  retryAfterMs,
  WireFailure,
} from './failure.ts'
export { type ResilientFetchOptions, resilientFetch } from './fetch.ts'
