export {
  type ClientRegistry,
  type ClientRegistryOptions,
  type ClientStatus,
  clientRegistry,
} from './client-registry.ts'
export {
  contextOf,
  correlationHeader,
  type Envelope,
  envelopeOf,
  type ReceivedHeaders,
  timeLeftHeader,
  withEnvelope,
} from './envelope.ts'
export {
  classOfError,
  classOfStatus,
  type FailureClass,
  type FailureFacts,
  failureClasses,
  mayRepeat,
  retryAfterMs,
  WireFailure,
} from './failure.ts'
export { type AddressShape, addressComplaint, type Fact, type SystemFacts, systemFacts } from './systems.ts'
