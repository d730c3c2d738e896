import { type AsyncLocalStorage, AsyncResource } from 'node:async_hooks'

/**
 * Runs `fn`, and all that it sets off, with `store` in `storage`; answers with what `fn` does, or throws it.
 *
 * As `storage.run`, which makes what was around it anew when `fn` returns; a resource puts it back as it was, which costs about half as much.
 */
export function runIn<S, T>(storage: AsyncLocalStorage<S>, store: S, fn: () => T): T {
  return new AsyncResource('HOLDFAST').runInAsyncScope(enter<S, T>, undefined, storage, store, fn)
}

function enter<S, T>(storage: AsyncLocalStorage<S>, store: S, fn: () => T): T {
  storage.enterWith(store)
  return fn()
}
