// A handler that runs in a thread: it serves HTTP on a socket that its governor holds, until it shall end.
import { createServer } from 'node:http'
import type { HandlerRun } from '@holdfast/governor'

export const run: HandlerRun<{ readonly greeting: string }> = ({ data, signal, listen }) => {
  const server = createServer((_, response) => response.end(data.greeting)).listen(listen[0])
  signal.addEventListener('abort', () => server.close())
}
