import type { Account } from './account.ts'

/*
 * I1  `#accounts[account.place]` is the account, for every one that is open; there are no others.
 *
 * Not a `Set`: the engine gives a set a new table each time as many have left it as are in it, and each table that was thrown away holds on to the next one,
 * and to the accounts of that moment with their requests, until the next thorough collection once the first of them was old. Each request then left 7 kB
 * behind, and collecting cost more than answering.
 */

/** The accounts that are open now. */
export class OpenAccounts {
  readonly #accounts: Account[] = []

  get size(): number {
    return this.#accounts.length
  }

  add(account: Account): void {
    account.place = this.#accounts.push(account) - 1
  }

  delete(account: Account): void {
    if (this.#accounts[account.place] !== account) return
    const last = this.#accounts.pop()!
    if (last === account) return
    this.#accounts[account.place] = last
    last.place = account.place
  }

  [Symbol.iterator](): Iterator<Account> {
    return this.#accounts.values()
  }
}
