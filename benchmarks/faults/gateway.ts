import type { Door } from './caller.ts'
import type { Stage } from './provider.ts'

/** A gateway under test, in a process of its own: a primary and a fallback for each stage. */
export interface Gateway {
  door(name: string, stage: Stage): Door
  stop(): Promise<void>
}
