import type { Decorator } from './wrap.ts'

/** A decorator that can be asked about itself: `members` become properties of the function, its own `name` included. */
export function askable<M extends object>(decorate: Decorator, members: M): Decorator & M {
  return Object.defineProperties(decorate, Object.getOwnPropertyDescriptors(members)) as Decorator & M
}
