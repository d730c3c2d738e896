import type { WireObject } from './wire-value.ts'

/** Turns the events of a stream of one dialect into those of another, one by one and in their order. */
export interface StreamTranslator {
  /** What an event becomes: nothing, or some. Throws `Untranslatable` where the provider's stream cannot be said in the other dialect. */
  take(event: WireObject): WireObject[]
  /** What is still to be said once the stream is whole; nothing the second time. */
  end(): WireObject[]
}
