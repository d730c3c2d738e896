import { spawn } from 'node:child_process'
import { connect } from 'node:net'
import type { Clock } from '@holdfast/policy'
import { leanHttp } from '../lean-http.ts'
import { signalGroup } from '../process-group.ts'
import type { Probe } from './probe.ts'

/** Takes an answer: nothing when all is well, otherwise what is wrong. */
export type Answer = (flaw?: string) => void

/** Where, as what and as whom a command is run. */
export interface AskAbout {
  readonly cwd?: string | undefined
  readonly env: NodeJS.ProcessEnv
  readonly uid?: number
  readonly gid?: number
}

export interface AskOptions {
  readonly clock: Clock
  /** How long an answer may take, in ms. */
  readonly within: number
}

/** Something that can be asked of a service from outside. */
export interface Asked {
  /** Asks once; answers once, later and never at once. The answer hangs up: nothing is left then, and nothing answers. */
  once(answer: Answer, options: AskOptions): () => void
}

/** Asks once and answers later, never at once; returns how to hang up. It may answer again, or after that. */
type Ask = (answer: Answer) => () => void

/** How to ask what a probe wants to know; undefined when that cannot be asked, only heard. */
export const askOf = (probe: Probe, about: AskAbout): Asked | undefined => {
  const ask = askFrom(probe, about)
  if (!ask) return undefined
  return {
    once(answer, { clock, within }) {
      let over = false
      const settle = (flaw?: string) => {
        if (over) return
        hangUp()
        answer(flaw)
      }
      const hangUp = () => {
        over = true
        forget()
        abandon()
      }
      const abandon = ask(settle)
      const forget = clock.after(within, () => settle(`no answer within ${within} ms`))
      return hangUp
    },
  }
}

const askFrom = (probe: Probe, about: AskAbout): Ask | undefined => {
  if (typeof probe === 'function') return askFunction(probe)
  if ('http' in probe) return askHttp(probe)
  if ('tcp' in probe) return askTcp(probe)
  return 'command' in probe ? askCommand(probe.command, about) : undefined
}

const askHttp =
  ({ http, expect }: { readonly http: string; readonly expect?: number }): Ask =>
  (answer) => {
    // `agent: false` gives the request a socket of its own, so that nothing is kept alive.
    const asked = leanHttp().request(http, { agent: false }, ({ statusCode = 0 }) => {
      const well = expect === undefined ? statusCode >= 200 && statusCode < 300 : statusCode === expect
      answer(well ? undefined : `it answers ${statusCode}`)
    })
    asked.on('error', (error) => answer(`no answer (${codeOf(error)})`)).end()
    return () => asked.destroy()
  }

const askTcp =
  ({ tcp }: { readonly tcp: { readonly host: string; readonly port: number } }): Ask =>
  (answer) => {
    const socket = connect(tcp)
    socket.once('connect', () => answer()).on('error', (error) => answer(`no connection (${codeOf(error)})`))
    return () => socket.destroy()
  }

const askCommand =
  ([program = '', ...args]: readonly string[], { cwd, ...about }: AskAbout): Ask =>
  (answer) => {
    const told = `the command "${program}"`
    try {
      const options = {
        detached: true,
        stdio: 'ignore',
        ...about,
        ...(cwd === undefined ? {} : { cwd }),
      } as const
      const child = spawn(program, args, options)
      child
        .once('error', (error) => answer(`${told} cannot be run (${codeOf(error)})`))
        .once('exit', (code, signal) => {
          answer(code === 0 ? undefined : `${told} ended with ${signal ?? `code ${code}`}`)
        })
      const { pid } = child
      return () => {
        if (pid !== undefined) signalGroup(pid, 'SIGKILL')
      }
    } catch (error) {
      const failed = setImmediate(() => answer(`${told} cannot be run (${codeOf(error as Error)})`))
      return () => clearImmediate(failed)
    }
  }

const askFunction =
  (probe: (signal: AbortSignal) => Promise<unknown>): Ask =>
  (answer) => {
    const control = new AbortController()
    void (async () => probe(control.signal))().then(
      () => answer(),
      (error: unknown) => answer(error instanceof Error ? error.message : String(error)),
    )
    return () => control.abort()
  }

const codeOf = (error: NodeJS.ErrnoException): string => error.code ?? error.message
