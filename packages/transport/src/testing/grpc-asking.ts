import type { Ask } from './wire-contract.ts'

const write = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
const read = <T>(bytes: Buffer): T => JSON.parse(bytes.toString())

function method<I extends boolean, O extends boolean>(name: string, requestStream: I, responseStream: O) {
  return {
    path: `/holdfast.test.Asking/${name}`,
    requestStream,
    responseStream,
    requestSerialize: (ask: Ask) => write(ask),
    requestDeserialize: read<Ask>,
    responseSerialize: (text: string) => write(text),
    responseDeserialize: read<string>,
  }
}

/** A service with a method of each kind, in JSON. */
export const askingService = {
  ask: method('Ask', false, false),
  list: method('List', false, true),
  gather: method('Gather', true, false),
  talk: method('Talk', true, true),
} as const
