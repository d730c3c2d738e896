import type { OutsideSystem } from '@holdfast/policy'
import { systemFacts } from '@holdfast/transport'
import type { Config } from '../config/schema.ts'
import { policyOf, systemOf } from '../policy-of.ts'
import { wireModules } from '../wire-modules.ts'
import { grpcCheck } from './grpc-check.ts'
import { httpCheck } from './http-check.ts'
import { postgresCheck } from './postgres-check.ts'
import type { UpstreamCheck } from './upstream-check.ts'
import { zeromqCheck } from './zeromq-check.ts'

/** The check of an upstream of a file. Rejects with a `WireMissingError` where its library, which is loaded only now, is not installed. */
export async function checkOf(
  name: string,
  config: Config,
  load: typeof wireModules = wireModules,
): Promise<UpstreamCheck> {
  const upstream = config.upstreams[name]!
  const wires = await load({ [name]: upstream })
  switch (upstream.is) {
    case 'http': {
      const { preset } = policyOf(name, upstream, config).config
      const known = systemOf(preset) && systemFacts(preset as OutsideSystem)
      return httpCheck(upstream, known?.health?.value)
    }
    case 'grpc':
      return grpcCheck(upstream, wires.grpc!)
    case 'zeromq':
      return zeromqCheck(upstream, wires.zeromq!)
    case 'postgres':
      return postgresCheck(upstream, wires.postgres!)
  }
}
