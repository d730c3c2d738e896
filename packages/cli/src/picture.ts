import type { ChainStatus, LinkStatus, Status } from '@holdfast/runtime'
import { type Paint, widthOf } from './paint.ts'

/**
 * The live picture of a running Holdfast, as lines no wider than `columns`: services, the links of each chain with their breakers, requests.
 * Every state has a sign and a word; colour only repeats them.
 */
export function picture(status: Status, paint: Paint, columns: number): string[] {
  const { listen, level, inFlight, chains } = status
  const { edge, edges = [] } = status.processes
  const services = [...status.services, edge]
  const replicas = edges.map((each) => ({ ...each, name: `${edge.name}.${each.replica}` }))
  const named = [...services, ...replicas, ...chains.flatMap(({ links }) => links)]
  const longest = Math.max(...named.map(({ name }) => name.length))
  const show: Show = { paint, nameWidth: Math.min(longest, Math.max(8, columns - 40)) }
  const lines = [
    `${paint.bold('holdfast')} ${sign(levelTones[level], level, paint)}  ${inFlight} in flight`,
    paint.dim(`gateway http://${listen.gateway}/v1 · control http://${listen.control}`),
    '',
    ...services.map((service) => serviceLine(service, show)),
    ...replicas.map((replica) => replicaLine(replica, show)),
    ...chains.flatMap((chain) => ['', ...chainLines(chain, show)]),
  ]
  return lines.map((line) => clipped(line, columns))
}

interface Show {
  readonly paint: Paint
  readonly nameWidth: number
}

type Tone = 'well' | 'between' | 'ill'
type BreakerState = NonNullable<LinkStatus['breaker']>['is']

const serviceTones: Readonly<Partial<Record<Status['services'][number]['state']['is'], Tone>>> = {
  ready: 'well',
  running: 'well',
  done: 'well',
  failed: 'ill',
}
const levelTones = { healthy: 'well', degraded: 'between', unhealthy: 'ill' } as const
const breakerTones: Readonly<Record<BreakerState, Tone>> = {
  closed: 'well',
  'half-open': 'between',
  open: 'ill',
  isolated: 'ill',
  disabled: 'between',
  observed: 'between',
}

function sign(tone: Tone, word: string, paint: Paint): string {
  if (tone === 'well') return paint.green(`● ${word}`)
  return tone === 'between' ? paint.yellow(`◐ ${word}`) : paint.red(`○ ${word}`)
}

function serviceLine(service: Status['services'][number], show: Show): string {
  const { name, state, pid, restarts, ailing, lastRestart, lastError, replicas } = service
  const tone = ailing ? 'between' : (serviceTones[state.is] ?? 'between')
  const again = lastRestart ? ` (${lastRestart.why})` : ''
  const facts = [
    replicas !== undefined && processes(replicas),
    replicas === undefined && pid !== undefined && `pid ${pid}`,
    restarts > 0 && `${counted(restarts, 'restart')}${again}`,
    ailing !== undefined && `ailing: ${ailing.why}`,
    state.is === 'failed' && state.why,
    state.is === 'stopped' && (lastError ?? false),
  ]
  return row(name, sign(tone, state.is, show.paint), show.paint.dim(listed(facts)), show)
}

/** The processes of a service that is several, by the numbers of its replicas. */
function processes({ wanted, ready, each }: NonNullable<Status['services'][number]['replicas']>): string {
  const pids = each.map(({ replica, state, pid }) => {
    const where = pid === undefined ? '' : ` ${pid}`
    if (replica === undefined) return where ? `spare${where}` : 'no spare'
    return `${state.is === 'ready' ? '' : `${state.is} `}${replica}:${where || ' –'}`
  })
  return `${ready} of ${wanted} ready (${pids.join(', ')})`
}

type Replica = NonNullable<Status['processes']['edges']>[number] & { readonly name: string }

/** One of the edge's processes, as it said last. */
function replicaLine({ name, pid, requests, inFlight, connections, ailing }: Replica, show: Show): string {
  const ills = ailing.map(({ kind, name: part }) => `${kind} ${part}`).join(', ')
  const facts = [
    `pid ${pid}`,
    counted(requests, 'request'),
    `${inFlight} in flight`,
    counted(connections, 'connection'),
    ills !== '' && `ailing: ${ills}`,
  ]
  return row(
    name,
    sign(ills === '' ? 'well' : 'between', 'answers', show.paint),
    show.paint.dim(listed(facts)),
    show,
  )
}

function chainLines({ name, order, links, counts, lastAnsweredBy }: ChainStatus, show: Show): string[] {
  const { requests, failed, answered } = counts
  const { bold, red } = show.paint
  const by = order === 'cascade' ? '' : `  ${order}`
  return [
    `chain ${bold(name)}${by}  ${counted(requests, 'request')}${failed > 0 ? red(` · ${failed} failed`) : ''}`,
    ...links.map((link) => {
      const answers = `${answered[link.name] ?? 0} answered`
      const last = link.name === lastAnsweredBy && '← answered last'
      return row(
        link.name,
        breakerSign(link, show.paint),
        listed([answers, standing(link, order), probe(link), last]),
        show,
      )
    }),
  ]
}

/** What the order of the chain goes by. */
function standing({ weight, inFlight, firstToken }: LinkStatus, order: ChainStatus['order']): string | false {
  if (order === 'weighted' && weight !== undefined) return `weight ${weight}`
  if (order === 'least-loaded' && inFlight > 0) return `${inFlight} in flight`
  if (order !== 'fastest' || firstToken === undefined) return false
  return `${firstToken < 1_000 ? `${Math.round(firstToken)} ms` : `${(firstToken / 1_000).toFixed(1)} s`} to begin`
}

function breakerSign({ name, breaker }: LinkStatus, paint: Paint): string {
  if (breaker) return sign(breakerTones[breaker.is], breaker.is, paint)
  return paint.dim(name === 'stale' ? '– if kept' : '– always')
}

/** When an open breaker lets somebody try again. */
function probe({ breaker }: LinkStatus): string | false {
  if (breaker?.is !== 'open') return false
  return breaker.retryAfter > 0
    ? `probe in ${Math.ceil(breaker.retryAfter / 1_000)} s`
    : 'probe on next request'
}

function row(name: string, state: string, facts: string, { nameWidth }: Show): string {
  const gap = ' '.repeat(Math.max(1, 14 - widthOf(state)))
  return `  ${clipped(name, nameWidth).padEnd(nameWidth)}  ${state}${gap}${facts}`.trimEnd()
}

function listed(facts: readonly (string | false)[]): string {
  return facts.filter((fact) => fact !== false).join(' · ')
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

/** Cut to a width without cutting a colour in two. */
function clipped(line: string, columns: number): string {
  if (widthOf(line) <= columns) return line
  let room = columns - 1
  return line.replace(/(\x1b\[[0-9;]*m)|[^\x1b]/gu, (part, code?: string) => {
    if (code !== undefined || room-- > 0) return part
    return room === -1 ? '…' : ''
  })
}
