import type { Probe } from '@holdfast/governor'
import { argv } from './argv.ts'
import { type Address, address, addressText } from './units.ts'
import { wireProbe } from './wire-probe.ts'

/**
 * How a service says that it is ready: `http:/health` or `tcp` at the address it listens on, `http://127.0.0.1:9001/health`, `tcp://127.0.0.1:9001`,
 * `line:listening`, a line of its output that has the text, or `line:/^ready/`, that matches the pattern, `command:./check --all`, a program that ends
 * with code 0, `notify`, what it writes to NOTIFY_FD, `exit`, that it ended well, or what `wireProbe` knows. Throws a sentence for anything else.
 */
export function probe(ready: string | undefined, listen: Address | undefined): Probe | undefined {
  if (ready === undefined) return undefined
  if (ready.startsWith('http://') && URL.canParse(ready)) return { http: new URL(ready).href }
  if (ready.startsWith('http:/'))
    return { http: `http://${addressText(here(ready, listen))}${ready.slice('http:'.length)}` }
  if (ready === 'tcp') return { tcp: here(ready, listen) }
  if (ready.startsWith('tcp://')) {
    const at = address(ready.slice('tcp://'.length))
    if (at && at.port > 0) return { tcp: at }
  }
  if (ready.startsWith('line:')) {
    const said = ready.slice('line:'.length)
    const pattern = /^\/(.+)\/(i?)$/.exec(said)
    if (said !== '') return { line: pattern ? new RegExp(pattern[1]!, pattern[2]) : said }
  }
  if (ready.startsWith('command:')) return { command: argv(ready.slice('command:'.length)) }
  if (ready === 'notify') return { notify: true }
  if (ready === 'exit') return { exit: true }
  const overWire = wireProbe(ready)
  if (overWire) return overWire
  throw new Error(
    `'${ready}' is no sign of readiness: write http:/path, http://host:port/path, tcp, tcp://host:port, grpc://host:port, zeromq:tcp://host:port, line:text, command:program, notify or exit`,
  )
}

function here(ready: string, listen: Address | undefined): Address {
  if (listen) return listen
  throw new Error(
    `'${ready}' is about the address the service listens on, and it names none: add \`listen: 127.0.0.1:PORT\``,
  )
}
