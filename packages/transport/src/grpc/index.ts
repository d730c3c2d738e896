export type { Keepalive, Reconnect } from './channel-options.ts'
export { type GrpcClient, type GrpcClientOptions, grpcClient } from './grpc-client.ts'
export { GrpcFailure, GrpcRefusal } from './grpc-failure.ts'
export { grpcHealthProbe } from './grpc-health-probe.ts'
export {
  type GrpcHealthAnswer,
  type GrpcHealthQuestionOptions,
  grpcHealthQuestion,
} from './grpc-health-question.ts'
export type {
  BidiStreamCall,
  ClientStreamCall,
  GrpcCallOptions,
  GrpcCalls,
  GrpcMetadata,
  GrpcService,
  Messages,
  ServerStreamCall,
  UnaryCall,
  UntypedCall,
} from './grpc-method.ts'
export {
  GrpcListenError,
  type GrpcServer,
  type GrpcServerOptions,
  grpcServer,
  type Served,
} from './grpc-server.ts'
export type { ServingStatus } from './health-messages.ts'
export { inContext } from './incoming.ts'
export type { ServedHealth } from './served-health.ts'
export type { StreamRetries } from './service-config.ts'
export { statusOf } from './status-of.ts'
export type { ClientTls, Pem, ServerTls } from './tls.ts'
