import type { Dialect } from './dialects/dialect.ts'
import { MessagesReply } from './dialects/messages-reply.ts'
import type { OutHeaders } from './headers.ts'
import { type Outlet, Reply } from './reply.ts'

/** The reply that speaks the dialect of its client. */
export function replyFor(dialect: Dialect, outlet: Outlet, identity?: OutHeaders): Reply {
  return new (dialect === 'anthropic' ? MessagesReply : Reply)(outlet, identity)
}
