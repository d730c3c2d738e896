export type { ConversationStatus } from './conversation.ts'
export { type Handler, type Handling, handle, TurnedAway } from './handle.ts'
export type { StandardSchema } from './schema.ts'
export type { ClientKeys } from './sockets.ts'
export {
  type ZeromqCallOptions,
  type ZeromqClient,
  type ZeromqClientOptions,
  zeromqClient,
} from './zeromq-client.ts'
export {
  type Frames,
  type ZeromqRequester,
  type ZeromqRequesterOptions,
  type ZeromqRequestOptions,
  zeromqRequester,
} from './zeromq-requester.ts'
export {
  type ZeromqServer,
  type ZeromqServerEvent,
  type ZeromqServerOptions,
  type ZeromqServerStatus,
  zeromqServer,
} from './zeromq-server.ts'
