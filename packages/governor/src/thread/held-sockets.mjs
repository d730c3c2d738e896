// @ts-check
import { spawn } from 'node:child_process'

/*
 * A server that closes, or a thread that ends, closes the file descriptor on which it listened, and in a thread that is
 * the one that the governor holds: for the whole process. So a thread listens on a copy. Node cannot copy a descriptor
 * by itself; a process that inherits it and sends it back makes one, in the time that a Node takes to boot.
 */
const program = `
  const open = require('node:net')._createServerHandle
  const [first, count] = process.argv.slice(1).map(Number)
  let left = count
  for (let at = 0; at < count; at++)
    process.send(at, open(null, 0, 4, first + at, 0), () => --left || process.disconnect())`

/**
 * Copies of held sockets, each for one `server.listen`. Rejects when no process can be started.
 *
 * @param {readonly number[]} fds
 * @returns {Promise<readonly object[]>}
 */
export const heldSockets = (fds) =>
  new Promise((resolve, reject) => {
    /** @type {object[]} */
    const found = []
    if (fds.length === 0) return resolve(found)
    /** @type {import('node:child_process').StdioOptions} */
    const stdio = ['ignore', 'ignore', 'ignore', 'ipc', ...fds]
    const args = ['-e', program, String(stdio.length - fds.length), String(fds.length)]
    const echo = spawn(process.execPath, args, { env: {}, stdio })
    echo
      .on('message', (at, socket) => {
        found[Number(at)] = /** @type {object} */ (socket)
      })
      .once('error', reject)
      .once('close', (code) => {
        if (Object.keys(found).length === fds.length) resolve(found)
        else reject(new Error(`the held sockets could not be copied (code ${code})`))
      })
  })
