import { AsyncLocalStorage } from 'node:async_hooks'
import { demand } from '@holdfast/policy'
import { Context } from 'zeromq'

/**
 * Keys of CURVE (RFC 26 of ZeroMQ), 40 characters of Z85 each, as `curveKeyPair()` of zeromq makes them.
 *
 * A client makes sure that it talks to the holder of `serverKey`; keys of its own, which a server may know it by, are made for it where none are given. A
 * server needs its `secretKey` alone.
 */
export interface ClientKeys {
  readonly serverKey: string
  readonly publicKey?: string | undefined
  readonly secretKey?: string | undefined
}

/** Runs what lasts longer than whoever set it off: outside the context of that one. */
export const outside = AsyncLocalStorage.snapshot()

let made: Context | undefined

/**
 * The one context of this process: it has one thread for all sockets, room for some 5,000 clients, and waits for nobody when the process ends.
 */
export function sockets(): Context {
  made ??= new Context({ maxSockets: 16_384, blocky: false })
  return made
}

/** Throws an `OptionError` unless it is an address that a socket can have; the address is the only thing it shows. */
export function demandAddress(option: string, address: unknown): void {
  const fits = typeof address === 'string' && /^(tcp|ipc):\/\/[^\s@]+$/.test(address)
  demand(fits, option, address, "an address, as 'tcp://127.0.0.1:5555' or 'ipc:///run/orders.sock'")
}

/** Whether libzmq has to be told so; it is not where a name may mean either, since it tries one of them alone. */
export function isIpv6(address: string): boolean {
  return address.startsWith('tcp://[')
}

/** Throws an `OptionError` that names the key, and never shows it. */
export function demandKey(option: string, key: unknown): void {
  const fits = typeof key === 'string' && key.length === 40
  demand(fits, option, 'something else', '40 characters of Z85, as curveKeyPair() makes them')
}

export function demandKeys(option: string, keys: ClientKeys): void {
  demandKey(`${option}.serverKey`, keys.serverKey)
  const own = ['publicKey', 'secretKey'] as const
  if (own.some((name) => keys[name] !== undefined))
    for (const name of own) demandKey(`${option}.${name}`, keys[name])
}

/** Throws an `OptionError` unless it is a whole number above 0. */
export function demandCount(option: string, count: unknown): void {
  demand(Number.isSafeInteger(count) && (count as number) > 0, option, count, 'a whole number above 0')
}
