import type { Part } from './language-model.ts'

/** So many parts may wait for a caller who reads slower than the model writes. */
const room = 16

/**
 * The stream that one caller reads, whoever writes it.
 *
 * I1  It ends in exactly one of two ways: `end()`, or `breakOff()`, an error part after all that was said and a stream that fails: who passes over
 *     the one still notices the other (`textStream` of the AI SDK passes over error parts and would end well).
 * I2  A caller who goes away is no error of anybody's.
 */
export class Outlet {
  readonly stream: ReadableStream<Part>
  #controller!: ReadableStreamDefaultController<Part>
  #resume: (() => void) | undefined
  #broken: { readonly error: unknown } | undefined
  #closed = false

  /** `left` is called when the caller goes away, with its reason. */
  constructor(left: (reason: unknown) => void) {
    this.stream = new ReadableStream<Part>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        pull: () => this.#pulled(),
        cancel: (reason) => {
          this.#closed = true
          this.#pulled()
          left(reason)
        },
      },
      { highWaterMark: room },
    )
  }

  /** False when the caller is behind: stop until `drained()`. */
  write(part: Part): boolean {
    if (this.#closed) return true
    this.#controller.enqueue(part)
    return (this.#controller.desiredSize ?? 1) > 0
  }

  /** Resolves once the caller has caught up, or has gone. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#resume = resolve
      if (this.#closed) resolve()
    })
  }

  end(): void {
    if (this.#closed || this.#broken) return
    this.#closed = true
    this.#controller.close()
  }

  /** Ends a stream that cannot be finished (I1). */
  breakOff(error: unknown): void {
    if (this.#closed || this.#broken) return
    this.#broken = { error }
    this.#controller.enqueue({ type: 'error', error })
  }

  /** The caller went away by its signal: what it has not read is of no use to it. */
  abort(reason: unknown): void {
    if (this.#closed) return
    this.#closed = true
    this.#controller.error(reason)
  }

  /** A stream that fails drops what was not read, so it fails when all was. */
  #pulled(): void {
    const resume = this.#resume
    this.#resume = undefined
    resume?.()
    if (this.#broken && !this.#closed && this.#controller.desiredSize === room) this.abort(this.#broken.error)
  }
}
