import type { Account, Allowance } from './account.ts'

/** The allowance of a call that is counted further out: it takes retries and hedges, and does not end what it did not begin. */
export class Within implements Allowance {
  readonly account: Account

  constructor(account: Account) {
    this.account = account
  }

  withdraw(what: 'retry' | 'hedge', failed: boolean): boolean {
    return this.account.withdraw(what, failed)
  }

  release(): void {
    this.account.release()
  }

  failed(): void {
    this.account.failed()
  }

  end(_failed: boolean | undefined): void {}

  shortage(): string {
    return this.account.shortage()
  }
}

/*
 * A call that meets a budget further in than its own pipeline, through all pipelines on its way.
 *
 * I1  The first to come in counts the call, and until it has ended nobody else does.
 * I2  A call that comes in a second time is no second call.
 */
export class Visit extends Within {
  #inside = false
  #seen: boolean

  /** `seen`: whether the call was counted before. */
  constructor(account: Account, seen: boolean) {
    super(account)
    this.#seen = seen
  }

  enter(): Allowance {
    if (this.#inside) return new Within(this.account)
    this.account.begin(this.#seen)
    this.#inside = this.#seen = true
    return this
  }

  override end(failed: boolean | undefined): void {
    this.#inside = false
    this.account.end(failed)
  }
}
