/** What is sent to a thread. Both ways, what has no `holdfast` is somebody else's. */
export type ToThread = { readonly holdfast: 'stop' } | { readonly holdfast: 'ping'; readonly id: number }

/** What comes from it. */
export type FromThread =
  | { readonly holdfast: 'ready' }
  | { readonly holdfast: 'pong'; readonly id: number }
  /** An error that nobody caught is about to end it. */
  | { readonly holdfast: 'dying'; readonly of: 'exception' | 'rejection' }

/** What a thread is started with. */
export interface ThreadStart {
  /** A `file:` URL. */
  readonly module: string
  readonly data: unknown
  /** File descriptors of held sockets. */
  readonly sockets: readonly number[]
}
