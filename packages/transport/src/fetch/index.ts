export type { ConnectionStatus } from './connections.ts'
export { isOutage } from './default-pipeline.ts'
export {
  type ResilientDispatchOptions,
  type ResilientRequest,
  resilientDispatch,
} from './resilient-dispatch.ts'
export {
  type ResilientFetch,
  type ResilientFetchOptions,
  type ResilientInit,
  resilientFetch,
} from './resilient-fetch.ts'
export { serving } from './serving.ts'
