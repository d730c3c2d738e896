import { needCycle } from '@holdfast/governor'
import { outsideSystems } from '@holdfast/policy'
import { addressComplaint } from '@holdfast/transport'
import { edgeName } from '../edge-contract.ts'
import { ofCaches } from './cache-contradictions.ts'
import { ofChain } from './chain-contradictions.ts'
import type { Contradiction } from './contradiction.ts'
import { ofGateway } from './key-contradictions.ts'
import { ofPrices } from './price-contradictions.ts'
import type { Config } from './schema.ts'
import { ofService } from './service-contradictions.ts'
import { type Address, addressText, clash } from './units.ts'
import { unknown } from './unknown-name.ts'

/** Holds the parts of a configuration against each other; the schema has seen each part alone. */
export function* contradictions(config: Config): Generator<Contradiction> {
  yield* ofGateway(config)
  yield* ofUpstreams(config)
  for (const [name, chain] of Object.entries(config.chains)) yield* ofChain(name, chain, config)
  yield* ofCaches(config)
  for (const [name, service] of Object.entries(config.services)) yield* ofService(name, service, config)
  yield* ofPrices(config)
  yield* ofNeeds(config)
  yield* ofAddresses(config)
  yield* ofLog(config)
}

function* ofUpstreams({ upstreams, policies, chains }: Config): Generator<Contradiction> {
  for (const [name, upstream] of Object.entries(upstreams)) {
    const { health, policy, preset } = upstream
    const path = ['upstreams', name]
    if (name === 'rules' || name === 'stale')
      yield { path, message: `'${name}' is the name of ${meant[name]}; call the upstream something else` }
    if (policy !== undefined && preset !== undefined)
      yield {
        path: [...path, 'preset'],
        message: `has a policy already; write the preset there: policies: { ${policy}: { preset: ${preset} } }`,
      }
    if (policy !== undefined && !Object.hasOwn(policies, policy))
      yield { path: [...path, 'policy'], message: unknown('policy', policy, policies) }
    const chain = health !== undefined && chainThatAsks(name, chains)
    if (chain)
      yield {
        path: [...path, 'health'],
        message: `is for an upstream that no chain names: how this one is, is seen by what '${chain}' asks it`,
      }
    const system = outsideSystems.find((each) => each === preset)
    const complaint = system && upstream.is === 'http' ? addressComplaint(system, upstream.url) : undefined
    if (complaint !== undefined) yield { path: [...path, 'url'], message: complaint }
  }
}

function chainThatAsks(upstream: string, chains: Config['chains']): string | undefined {
  const asks = ({ links }: Config['chains'][string]): boolean =>
    links.some(({ link }) => link.split('/', 1)[0] === upstream)
  return Object.keys(chains).find((name) => asks(chains[name]!))
}

/** What a link is that names no upstream. */
const meant = { rules: 'the rules', stale: 'old answers' } as const

function* ofNeeds({ services }: Config): Generator<Contradiction> {
  const cycle = needCycle(Object.entries(services).map(([name, { needs }]) => ({ name, needs })))
  if (cycle)
    yield {
      path: ['services', cycle[0]!, 'needs'],
      message: `the services need each other in a circle: ${cycle.join(' → ')}`,
    }
}

function* ofLog({ telemetry, services }: Config): Generator<Contradiction> {
  const known = { ...services, [edgeName]: {} }
  for (const name of Object.keys(telemetry.log.services))
    if (!Object.hasOwn(known, name))
      yield { path: ['telemetry', 'log', 'services', name], message: unknown('service', name, known) }
}

function* ofAddresses({ gateway, control, services }: Config): Generator<Contradiction> {
  const taken: { who: string; at: Address }[] = [{ who: 'the gateway', at: gateway.listen }]
  const others = [
    { who: 'the control listener', path: ['control', 'listen'], at: control.listen },
    ...Object.entries(services).map(([name, { listen }]) => {
      return { who: `the service '${name}'`, path: ['services', name, 'listen'], at: listen }
    }),
  ]
  for (const { who, path, at } of others) {
    if (at === undefined) continue
    const holder = taken.find((other) => clash(other.at, at))
    if (holder) yield { path, message: `${addressText(at)} is taken by ${holder.who} already` }
    taken.push({ who, at })
  }
}
