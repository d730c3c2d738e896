import type { ChainStatus, LinkStatus, Status } from '@holdfast/runtime'
import { type Paint, widthOf } from './paint.ts'

/**
 * The live picture of a running Holdfast, as lines no wider than `columns`: services, the links of each chain with their breakers, requests.
 * Every state has a sign and a word; colour only repeats them.
 */
export function picture(status: Status, paint: Paint, columns: number): string[] {
  const { gateway, control } = status.listen
  const services = [...status.services, status.processes.edge]
  const name = Math.max(
    ...services.map((service) => service.name.length),
    ...status.chains.flatMap(({ links }) => links.map((link) => link.name.length)),
    4,
  )
  const lines = [
    `${paint.bold('holdfast')} ${levelWord(status, paint)}  ${paint.dim(`gateway http://${gateway}/v1 · control http://${control}`)}`,
    '',
    ...services.map((service) => `  ${serviceLine(service, name, paint)}`),
    ...status.chains.flatMap((chain) => ['', ...chainLines(chain, name, paint)]),
  ]
  return lines.map((line) => clipped(line, columns))
}

function levelWord({ level }: Status, paint: Paint): string {
  if (level === 'healthy') return paint.green('● healthy')
  return level === 'degraded' ? paint.yellow('◐ degraded') : paint.red('○ unhealthy')
}

function serviceLine(
  { name, state, pid, restarts }: Status['services'][number],
  width: number,
  paint: Paint,
): string {
  const ready = state.is === 'ready'
  const word = ready
    ? paint.green('● ready')
    : state.is === 'failed'
      ? paint.red('○ failed')
      : paint.yellow(`◐ ${state.is}`)
  const facts = [
    pid === undefined ? '' : `pid ${pid}`,
    restarts > 0 ? `${restarts} restart${restarts === 1 ? '' : 's'}` : '',
  ].filter(Boolean)
  return `${name.padEnd(width)}  ${padded(word, 14)}${paint.dim(facts.join(' · '))}`
}

function chainLines(chain: ChainStatus, width: number, paint: Paint): string[] {
  const { requests, failed, answered } = chain.counts
  const head = `chain ${paint.bold(chain.name)}  ${requests} request${requests === 1 ? '' : 's'}${failed > 0 ? paint.red(` · ${failed} failed`) : ''}`
  return [
    head,
    ...chain.links.map(
      (link) =>
        `  ${linkLine(link, answered[link.name] ?? 0, chain.lastAnsweredBy === link.name, width, paint)}`,
    ),
  ]
}

function linkLine(link: LinkStatus, answers: number, last: boolean, width: number, paint: Paint): string {
  const { breaker } = link
  const state = breaker?.is
  const word =
    state === undefined
      ? paint.dim('– always')
      : state === 'closed'
        ? paint.green('● closed')
        : state === 'open'
          ? paint.red('○ open')
          : paint.yellow('◐ half-open')
  const again =
    breaker?.retryAfter !== undefined && state === 'open'
      ? `probe in ${Math.ceil(breaker.retryAfter / 1_000)} s`
      : ''
  const facts = [`${answers} answered`, again, last ? '← answers now' : ''].filter(Boolean)
  return `${link.name.padEnd(width)}  ${padded(word, 14)}${facts.join(' · ')}`
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(1, width - widthOf(text)))
}

/** Cut to the width of the terminal without cutting a colour in two. */
function clipped(line: string, columns: number): string {
  if (widthOf(line) <= columns) return line
  let seen = 0
  let out = ''
  for (const [part, code] of line.matchAll(/(\x1b\[[0-9;]*m)|[^\x1b]/gu)) {
    if (code === undefined && ++seen > columns) continue
    out += part
  }
  return out
}
