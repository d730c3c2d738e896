import type { ControlCall, Governor } from '@holdfast/governor'
import { HoldfastError } from '@holdfast/policy'
import { didYouMean } from './config/did-you-mean.ts'
import { edgeName } from './edge-contract.ts'
import type { Reloaded } from './reloading.ts'

export interface ServiceCallsOptions {
  /** Undefined while there is none yet, or it is on its way out. */
  readonly governor: () => Governor | undefined
  readonly reload: () => Promise<Reloaded>
}

/** The calls by which services are started, stopped and restarted one by one, and the file is read again; each answers when that is over. */
export function serviceCalls({ governor, reload }: ServiceCallsOptions) {
  const running = (): Governor => {
    const found = governor()
    if (found) return found
    throw new HoldfastError(
      'NOT_NOW',
      'Holdfast is just starting or stopping; try again in a moment',
      'try again in a moment',
    )
  }
  const known = (input: unknown): string => {
    const name: unknown = Object(input).name
    const names = running()
      .status()
      .map((each) => each.name)
    if (typeof name === 'string' && names.includes(name)) return name
    const written = typeof name === 'string' ? name.slice(0, 100) : ''
    throw new HoldfastError(
      'UNKNOWN_SERVICE',
      `there is no service '${written}'${didYouMean(written, names)}`,
      '`holdfast status` shows those there are',
    )
  }
  return {
    'start-service': async (input) => running().start(known(input)),
    'restart-service': async (input) => running().restart(known(input)),
    'stop-service': async (input) => {
      const name = known(input)
      if (name === edgeName)
        throw new HoldfastError(
          'EDGE_NEEDED',
          `the edge is not stopped alone: end \`holdfast up\`, or \`holdfast restart edge\``,
          'end `holdfast up`, or `holdfast restart edge`',
        )
      await running().stop(name)
      return { ready: [], failed: [] }
    },
    reload: async () => {
      running()
      return reload()
    },
  } satisfies Readonly<Record<string, ControlCall>>
}
