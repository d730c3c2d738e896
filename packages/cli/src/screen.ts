/** The part of a terminal that `Screen` writes to. */
export interface Terminal {
  readonly columns?: number
  readonly rows?: number
  write(text: string): unknown
}

/**
 * A block of lines at the bottom of the terminal that is drawn over in place, while messages scroll by above it.
 *
 * I1  What is on the terminal below the messages is exactly the lines drawn last.
 * I2  The block is never taller than the terminal, so that the cursor can always go back to its beginning.
 */
export class Screen {
  readonly #terminal: Terminal
  #drawn: readonly string[] = []

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  draw(lines: readonly string[]): void {
    const fitting = lines.slice(0, Math.max(1, (this.#terminal.rows ?? 24) - 1))
    if (fitting.length === this.#drawn.length && fitting.every((line, index) => line === this.#drawn[index]))
      return
    this.#terminal.write(`${this.#erased()}${fitting.map((line) => `${line}\n`).join('')}`)
    this.#drawn = fitting
  }

  /** A line that stays, above the block. */
  say(line: string): void {
    const block = this.#drawn
    this.#terminal.write(`${this.#erased()}${line}\n${block.map((each) => `${each}\n`).join('')}`)
  }

  /** Takes the block away. */
  clear(): void {
    this.#terminal.write(this.#erased())
    this.#drawn = []
  }

  #erased(): string {
    return this.#drawn.length > 0 ? `\x1b[${this.#drawn.length}A\x1b[J` : ''
  }
}
