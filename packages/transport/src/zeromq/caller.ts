import { batch, encode, type Message, sizeOf } from './message.ts'
import type { Work } from './work.ts'

/** Somebody who asks: its work, and the answers that are on their way to it. */
export class Caller {
  readonly identity: Buffer
  readonly works = new Map<number, Work>()
  #answers: Message[] = []

  constructor(identity: Buffer) {
    this.identity = identity
  }

  get idle(): boolean {
    return this.works.size === 0 && this.#answers.length === 0
  }

  /** Whether it is the first since they were last taken. */
  add(answer: Message): boolean {
    return this.#answers.push(answer) === 1
  }

  /** The frames that hold all answers there are, which it has no longer. */
  take(): Buffer[] {
    const frames: Buffer[] = []
    let some: Message[] = []
    let size = 0
    for (const answer of this.#answers) {
      const more = sizeOf(answer)
      if (some.length > 0 && size + more > batch) {
        frames.push(encode(some))
        some = []
        size = 0
      }
      size += more
      some.push(answer)
    }
    if (some.length > 0) frames.push(encode(some))
    this.#answers = []
    return frames
  }
}
