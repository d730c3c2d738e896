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
