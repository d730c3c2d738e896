import { leanHttp } from '../lean-http.ts'
import { type LoadReader, loadFlaw } from './load.ts'

/** The longest page that is read, in bytes. */
const longest = 64 * 1_024

/**
 * Reads the load of each replica from a page of its own: a GET answered 200 with a JSON object such as
 * `{"lag":3.1,"inFlight":12}` (see `Load`; other members are ignored).
 *
 * Replicas that share a socket cannot be told apart on it, so each has a port for its page: the first the one of `address`,
 * the second the one after it, and so on.
 */
export const loadPage =
  (address: string): LoadReader =>
  ({ replica }, signal) =>
    new Promise((resolve, reject) => {
      const url = new URL(address)
      const port = Number(url.port || 80) + replica - 1
      const said = (what: string) => reject(new Error(`port ${port}: ${what}`))
      const asked = leanHttp().request(
        {
          host: url.hostname.replace(/^\[|\]$/g, ''),
          port,
          path: url.pathname + url.search,
          agent: false,
          signal,
        },
        (answer) => {
          if (answer.statusCode !== 200) {
            asked.destroy()
            return said(`it answers ${answer.statusCode}`)
          }
          let text = ''
          answer.setEncoding('utf8').on('data', (piece: string) => {
            text += piece
            if (text.length <= longest) return
            asked.destroy()
            said(`its page is longer than ${longest} bytes`)
          })
          answer
            .on('error', (error) => said(error.message))
            .on('end', () => {
              const load = parsed(text)
              const flaw = loadFlaw(load)
              if (flaw !== undefined) return said(flaw)
              resolve(load as object)
            })
        },
      )
      asked.on('error', (error: NodeJS.ErrnoException) => said(error.code ?? error.message)).end()
    })

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
