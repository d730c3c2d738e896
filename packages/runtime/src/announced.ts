import type { ControlCall, ControlPeer } from '@holdfast/governor'
import type { Told } from '@holdfast/policy/context'
import { redact } from '@holdfast/telemetry/lines'

/** A process that announced itself. */
export interface AnnouncedProcess {
  readonly pid: number
  /** The service it belongs to; absent for one that was not started by this Holdfast. */
  readonly service?: string
}

/** The named policies, breakers, budgets … of one process; without `kinds` it did not answer in time. */
export interface ProcessPolicies extends AnnouncedProcess, Partial<Told> {}

/** What to reset or isolate: everything of that name, or only what is of that kind. */
export interface Named {
  readonly name: string
  readonly kind?: string | undefined
}

/** All processes that announced themselves, for as long as they are connected. */
export interface Announced {
  /** The calls by which processes announce themselves, and others reach them. */
  readonly calls: {
    readonly announce: ControlCall
    readonly policies: () => Promise<ProcessPolicies[]>
    readonly reset: (named: unknown) => Promise<AnnouncedProcess[]>
    readonly isolate: (named: unknown) => Promise<AnnouncedProcess[]>
  }
}

/** How long a process may take to answer, in ms; one that hangs must not hide the others. */
const patience = 1_000

/** Text, or nothing at all. */
const named = (value: unknown): value is string | undefined =>
  value === undefined || (typeof value === 'string' && value !== '')

function introduction(input: unknown): AnnouncedProcess {
  const { pid, service } = Object(input) as Readonly<Record<string, unknown>>
  if (!Number.isSafeInteger(pid) || (pid as number) <= 0 || !named(service))
    throw bad('announce needs { pid, service? }')
  return { pid: pid as number, ...(service !== undefined && { service }) }
}

function whom(call: string, input: unknown): Named {
  const { name, kind } = Object(input) as Readonly<Record<string, unknown>>
  if (name === undefined || !named(name) || !named(kind)) throw bad(`${call} needs { name, kind? }`)
  return { name, kind }
}

/** Keeps book of the processes that announce themselves. */
export function announced(): Announced {
  const processes = new Map<ControlPeer, AnnouncedProcess>()

  const announce: ControlCall = (input, peer) => {
    processes.set(peer, introduction(input))
    peer.signal.addEventListener('abort', () => processes.delete(peer), { once: true })
  }
  /** What each process answers, in the order in which they came; undefined for one that does not. */
  const askAll = (call: string, input?: unknown) =>
    Promise.all(
      [...processes].map(async ([peer, process]) => {
        const answer = await peer.call(call, input, { timeout: patience }).catch(() => undefined)
        return { process, answer }
      }),
    )
  /** The processes in which there was something of that name. */
  const tell = (call: 'reset' | 'isolate') => async (input: unknown) => {
    const answers = await askAll(call, whom(call, input))
    return answers.filter(({ answer }) => answer === true).map(({ process }) => process)
  }
  const policies = async () => {
    const answers = await askAll('policies')
    return answers.map(({ process, answer }) => ({ ...process, ...clean(answer as Told | undefined) }))
  }
  return { calls: { announce, policies, reset: tell('reset'), isolate: tell('isolate') } }
}

/** The last error of a fallback's link is told in its own words. */
function clean(told: Told | undefined): Told | undefined {
  const fallback: unknown = told?.kinds?.fallback
  if (told === undefined || !Array.isArray(fallback)) return told
  return {
    ...told,
    kinds: { ...told.kinds, fallback: fallback.map((each) => redact(each)) } as Told['kinds'],
  }
}

function bad(needs: string): Error {
  return Object.assign(new Error(needs), { code: 'BAD_CALL' })
}
