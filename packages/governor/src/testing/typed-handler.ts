import type { HandlerRun } from '../thread/handler.ts'

/** A handler for tests, in TypeScript: greets, and stays until it shall end. */
export const run: HandlerRun<{ readonly greeting: string }> = ({ data, signal }) => {
  const stay = setInterval(() => {}, 1_000_000)
  console.log(`${data.greeting} from a thread`)
  signal.addEventListener('abort', () => clearInterval(stay))
}
