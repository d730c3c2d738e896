import { type Provider, providerFacts, providerNames } from '@holdfast/gateway/providers'
import { outsideSystems, type RetryPreset, retryPresets } from '@holdfast/policy'
import { z } from 'zod'
import { present } from '../present.ts'
import { count, says, text, time, url } from './scalars.ts'
import { type Address, address, addressText } from './units.ts'

const retryPresetNames = Object.keys(retryPresets) as RetryPreset[]

/** How to try again, or all that a system outside needs. */
const presets = [...retryPresetNames, ...outsideSystems] as const
export const preset = z.enum(presets, says(`must be one of ${presets.join(', ')}`)).optional()

const aServer = 'must be a gRPC server: host:port, grpc://host:port, or grpcs://host:port with TLS'

const grpc = z.string(says(aServer)).transform((given, at): GrpcPlace => {
  const [, scheme, place = ''] = /^(?:(grpcs?):\/\/)?([^/]+)\/?$/.exec(given) ?? []
  const read = address(place)
  if (read && read.port > 0) return { ...read, tls: scheme === 'grpcs' }
  at.addIssue({ code: 'custom', message: aServer })
  return z.NEVER
})

/** Where a gRPC server is, and whether it is asked with TLS. */
export interface GrpcPlace extends Address {
  readonly tls: boolean
}

const aMethod = says('must be a method of gRPC: package.Service/Method')

const method = z.string(aMethod).regex(/^[\w.]+\/\w+$/, aMethod)

const anEndpoint = says('must be an endpoint of ZeroMQ: tcp://host:port or ipc:///path')

const zeromq = z.string(anEndpoint).refine((given) => {
  if (given.startsWith('ipc://')) return given.length > 'ipc://'.length
  const read = given.startsWith('tcp://') ? address(given.slice('tcp://'.length)) : undefined
  return read !== undefined && read.port > 0
}, anEndpoint)

const aDatabase = says('must be the address of a database: postgres://user:password@host:port/database')

const postgres = z.string(aDatabase).refine((given) => {
  return /^postgres(ql)?:\/\//.test(given) && URL.canParse(given)
}, aDatabase)

/** What each wire alone can be told. */
const only = {
  url: [
    'provider',
    'dialect',
    'key',
    'keys',
    'model',
    'tools',
    'vision',
    'context',
    'prefill',
    'streams',
    'responses',
  ],
  grpc: ['ca', 'idempotent'],
  zeromq: ['serverKey'],
  postgres: ['replica'],
} as const
type Wire = keyof typeof only
const wires = Object.keys(only) as Wire[]

/** What is called, over the wire that its address names. */
export const upstreamShape = {
  url: url.optional(),
  grpc: grpc.optional(),
  zeromq: zeromq.optional(),
  postgres: postgres.optional(),
  provider: z.enum(providerNames, says(`must be one of ${providerNames.join(', ')}`)).optional(),
  dialect: z.enum(['openai', 'anthropic', 'both'], says('must be openai, anthropic or both')).optional(),
  key: text.optional(),
  keys: z.array(text, says('must be a list of keys')).min(1, says('must have at least one key')).optional(),
  model: text.optional(),
  tools: z.boolean(says('must be true or false')).optional(),
  vision: z.boolean(says('must be true or false')).optional(),
  context: count.optional(),
  prefill: z
    .union(
      [z.boolean(), z.enum(['plain', 'prefix', 'vllm'])],
      says('must be true, false, plain, prefix or vllm'),
    )
    .optional(),
  streams: z.boolean(says('must be true or false')).optional(),
  responses: z.boolean(says('must be true or false')).optional(),
  ca: text.optional(),
  idempotent: z.array(method, says('must be a list of methods of gRPC')).optional(),
  serverKey: text.length(40, says('must be the 40 characters of a public key of CURVE')).optional(),
  replica: postgres.optional(),
  health: z.union([z.literal('off'), time], says('must be off, or a duration such as 1m')).optional(),
  policy: text.optional(),
  preset,
}

interface Under {
  /** How long after one look at how it is the next is taken, in ms, where no chain names it. */
  readonly health?: 'off' | number | undefined
  readonly policy?: string | undefined
  readonly preset?: z.infer<typeof preset>
}

export interface HttpUpstream extends Under {
  readonly is: 'http'
  readonly url: string
  /** Whose it is: what is not said beside it is as that provider has it. */
  readonly provider?: Provider | undefined
  readonly dialect?: 'openai' | 'anthropic' | 'both' | undefined
  readonly key?: string | undefined
  /** Several in place of `key`. */
  readonly keys?: readonly string[] | undefined
  readonly model?: string | undefined
  /** Whether its models call tools, and whether they take images. */
  readonly tools?: boolean | undefined
  readonly vision?: boolean | undefined
  /** Tokens. */
  readonly context?: number | undefined
  readonly prefill?: boolean | 'plain' | 'prefix' | 'vllm' | undefined
  readonly streams?: boolean | undefined
  /** Whether it answers `POST /v1/responses`. */
  readonly responses?: boolean | undefined
}

export interface GrpcUpstream extends Under {
  readonly is: 'grpc'
  /** `host:port`. */
  readonly address: string
  readonly tls: boolean
  /** The file of the certificate that vouches for the server. */
  readonly ca?: string | undefined
  /** Methods that may be done twice: `package.Service/Method`. */
  readonly idempotent?: readonly string[] | undefined
}

export interface ZeromqUpstream extends Under {
  readonly is: 'zeromq'
  readonly endpoint: string
  /** The server's public key, if it speaks CURVE: 40 characters of Z85. */
  readonly serverKey?: string | undefined
}

export interface PostgresUpstream extends Under {
  readonly is: 'postgres'
  readonly url: string
  /** Where reads may go while the first is away. */
  readonly replica?: string | undefined
}

export type UpstreamConfig = HttpUpstream | GrpcUpstream | ZeromqUpstream | PostgresUpstream

type Given = z.infer<z.ZodObject<typeof upstreamShape>>

/** An upstream of one wire; complains where there is none, or more than one, or where something is said that is of another. */
export function upstreamOf(written: Given, at: z.core.$RefinementCtx<unknown>): UpstreamConfig {
  const given = withAddress(written)
  const [wire, second] = wires.filter((each) => given[each] !== undefined)
  const complain = (message: string, ...path: string[]): never => {
    at.addIssue({ code: 'custom', message, path })
    return z.NEVER
  }
  if (wire === undefined) return complain(`needs an address: one of ${wires.join(', ')}`)
  if (second !== undefined) return complain(`there is a ${wire} already: an upstream has one address`, second)
  for (const other of wires)
    for (const key of only[other])
      if (other !== wire && given[key] !== undefined)
        return complain(`is for an upstream with a ${other}, and this one has a ${wire}`, key)
  const { health, policy, preset } = given
  const under = present({ health, policy, preset })
  switch (wire) {
    case 'url': {
      const {
        url,
        provider,
        dialect,
        key,
        keys,
        model,
        tools,
        vision,
        context,
        prefill,
        streams,
        responses,
      } = given
      if (key !== undefined && keys !== undefined)
        return complain('there is a key already: an upstream has one, or a list of them', 'keys')
      return {
        is: 'http',
        url: url!,
        provider,
        dialect,
        key,
        keys,
        model,
        tools,
        vision,
        context,
        prefill,
        streams,
        responses,
        ...under,
      }
    }
    case 'grpc': {
      const { grpc, ca, idempotent } = given
      const tls = grpc!.tls || ca !== undefined
      return { is: 'grpc', address: addressText(grpc!), tls, ca, idempotent, ...under }
    }
    case 'zeromq':
      return { is: 'zeromq', endpoint: given.zeromq!, serverKey: given.serverKey, ...under }
    case 'postgres':
      return { is: 'postgres', url: given.postgres!, replica: given.replica, ...under }
  }
}

/** A provider is an address, where none is written. */
function withAddress(written: Given): Given {
  const { provider } = written
  if (provider === undefined || wires.some((each) => written[each] !== undefined)) return written
  return { ...written, url: providerFacts(provider).url.value }
}
