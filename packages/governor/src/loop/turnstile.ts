/** Lets changes through one after another. */
export interface Turnstile {
  /** A change of everything: after all that came before it, and before all that comes after it. */
  all<T>(change: () => Promise<T>): Promise<T>
  /** A change of one: after those of the same name, beside those of others. */
  one<T>(name: string, change: () => Promise<T>): Promise<T>
}

/*
 * I1  Two changes run at the same time only if each is of one, and of another name.
 * I2  A change that rejects holds up nobody.
 * I3  What is over is forgotten.
 */

/** A turnstile that nobody is in. */
export const turnstile = (): Turnstile => {
  let everyone: Promise<unknown> = Promise.resolve()
  const single = new Map<string, Promise<unknown>>()
  return {
    all: (change) => {
      const changed = Promise.all([everyone, ...single.values()]).then(change)
      single.clear()
      everyone = changed.catch(() => {})
      return changed
    },
    one: (name, change) => {
      const changed = (single.get(name) ?? everyone).then(change)
      const over = changed
        .catch(() => {})
        .then(() => {
          if (single.get(name) === over) single.delete(name)
        })
      single.set(name, over)
      return changed
    },
  }
}
