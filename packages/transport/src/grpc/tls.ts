import { ChannelCredentials, type ChannelOptions, ServerCredentials } from '@grpc/grpc-js'
import { demand } from '@holdfast/policy'

/** A certificate, a key or a list of authorities, in PEM. */
export type Pem = string | Buffer

/** How a client makes a connection secure. */
export interface ClientTls {
  /** Whose signature it trusts; left out, those that Node trusts. */
  readonly ca?: Pem
  /** Who it is, where servers ask for that: both or neither. */
  readonly cert?: Pem
  readonly key?: Pem
  /** The name that the certificate of the other side must be for, if it is not the host in the address. */
  readonly serverName?: string
}

/** How a server makes its connections secure. */
export interface ServerTls {
  readonly cert: Pem
  readonly key: Pem
  /** Whose signature clients must show; left out, they need not show any. */
  readonly ca?: Pem
}

/** Credentials of a client: none, those Node trusts (`true`), or its own. */
export function clientCredentials(tls: ClientTls | boolean = false): ChannelCredentials {
  if (tls === false) return ChannelCredentials.createInsecure()
  const { ca, cert, key } = tls === true ? ({} as ClientTls) : tls
  demand(
    (cert === undefined) === (key === undefined),
    'tls.key',
    key && 'one',
    'given if `cert` is, and left out if not',
  )
  return ChannelCredentials.createSsl(buffer(ca), buffer(key), buffer(cert))
}

/** What a channel must know besides. */
export function nameOptions(tls: ClientTls | boolean = false): ChannelOptions {
  const name = typeof tls === 'object' ? tls.serverName : undefined
  return name === undefined ? {} : { 'grpc.ssl_target_name_override': name }
}

/** Credentials of a server: none, or its own. */
export function serverCredentials(tls: ServerTls | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure()
  const { ca, cert, key } = tls
  return ServerCredentials.createSsl(
    buffer(ca),
    [{ cert_chain: Buffer.from(cert), private_key: Buffer.from(key) }],
    ca !== undefined,
  )
}

function buffer(pem: Pem | undefined): Buffer | null {
  return pem === undefined ? null : Buffer.from(pem)
}
