import { needCycle } from '@holdfast/governor'
import { edgeName } from '../edge-contract.ts'
import { argv } from './argv.ts'
import { didYouMean } from './known-keys.ts'
import { probe } from './probe.ts'
import type { Config } from './schema.ts'
import { type Address, addressText } from './units.ts'

/** A name that leads nowhere, or two things that cannot both be. */
export interface Contradiction {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

/** Holds the parts of a configuration against each other; the schema has seen each part alone. */
export function checkNames(config: Config): Contradiction[] {
  return [...upstreams(config), ...chains(config), ...services(config), ...addresses(config)]
}

function upstreams({ upstreams, policies }: Config): Contradiction[] {
  return Object.entries(upstreams).flatMap(([name, { policy }]) => {
    const found: Contradiction[] = []
    if (name === 'rules')
      found.push({
        path: ['upstreams', name],
        message: "'rules' is the name of the rules; call the upstream something else",
      })
    if (policy !== undefined && !(policy in policies)) {
      found.push({
        path: ['upstreams', name, 'policy'],
        message: `there is no policy '${policy}'${didYouMean(policy, Object.keys(policies))}`,
      })
    }
    return found
  })
}

function chains({ chains, upstreams, rules }: Config): Contradiction[] {
  return Object.entries(chains).flatMap(([chain, links]) =>
    links.flatMap((link, index): Contradiction[] => {
      const path = ['chains', chain, index]
      if (links.indexOf(link) !== index) return [{ path, message: `'${link}' stands in this chain already` }]
      if (link === 'rules')
        return rules.length > 0
          ? []
          : [
              {
                path,
                message:
                  'the chain ends in rules, but the file has none: add `rules:`, a list of { match, answer }',
              },
            ]
      const [name = ''] = link.split('/', 1)
      if (name in upstreams) return []
      return [
        {
          path,
          message: `there is no upstream '${name}'${didYouMean(name, [...Object.keys(upstreams), 'rules'])}`,
        },
      ]
    }),
  )
}

function services({ services }: Config): Contradiction[] {
  const names = Object.keys(services)
  const found = Object.entries(services).flatMap(([name, service]) => {
    const path = ['services', name]
    const wrong: Contradiction[] = (service.needs ?? []).flatMap((need, index) =>
      names.includes(need)
        ? []
        : [
            {
              path: [...path, 'needs', index],
              message: `there is no service '${need}'${didYouMean(need, names)}`,
            },
          ],
    )
    if (name === edgeName)
      wrong.push({
        path,
        message: `'${edgeName}' is the name of the gateway's own process; call the service something else`,
      })
    const command = attempt(() => argv(service.command))
    if (command) wrong.push({ path: [...path, 'command'], message: command })
    const ready = attempt(() => probe(service.ready, service.listen))
    if (ready) wrong.push({ path: [...path, 'ready'], message: ready })
    return wrong
  })
  if (found.length > 0) return found
  const cycle = needCycle(Object.entries(services).map(([name, { needs = [] }]) => ({ name, needs })))
  return cycle
    ? [
        {
          path: ['services', cycle[0]!, 'needs'],
          message: `the services need each other in a circle: ${[...cycle, cycle[0]].join(' → ')}`,
        },
      ]
    : []
}

function addresses({ gateway, control, services }: Config): Contradiction[] {
  const taken: { who: string; path: PropertyKey[]; at: Address }[] = [
    { who: 'the gateway', path: ['gateway', 'listen'], at: gateway.listen },
    { who: 'the control listener', path: ['control', 'listen'], at: control.listen },
  ]
  for (const [name, { listen }] of Object.entries(services)) {
    if (listen) taken.push({ who: `the service '${name}'`, path: ['services', name, 'listen'], at: listen })
  }
  return taken.flatMap(({ path, at }, index) => {
    const other = taken.slice(0, index).find((before) => clash(before.at, at))
    return other ? [{ path, message: `${addressText(at)} is taken by ${other.who} already` }] : []
  })
}

function clash(a: Address, b: Address): boolean {
  const host = (at: Address): string => (at.host === 'localhost' ? '127.0.0.1' : at.host)
  const everywhere = ['0.0.0.0', '::']
  return (
    a.port === b.port && (host(a) === host(b) || everywhere.includes(a.host) || everywhere.includes(b.host))
  )
}

/** What the step complains about, if it does. */
function attempt(step: () => unknown): string | undefined {
  try {
    step()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
