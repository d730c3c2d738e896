import type { Role } from './scenario.ts'

/** What a provider writes on its wire. An event is the text behind `data: `, as an object. */
export interface Wire {
  /** The events before the first word. */
  begin(role: Role): readonly object[]
  word(role: Role, word: string): object
  /** The events behind the last word; with `usage` where it was asked for. */
  finish(role: Role, usage: boolean): readonly object[]
  /** What some providers leave out. */
  readonly last: string
  /** The answer in one piece. */
  whole(role: Role): object
  refusal(code: string): object
}

/** An event as it goes over a socket. */
export function event(data: object): string {
  const { type } = data as { readonly type?: string }
  return `${type === undefined ? '' : `event: ${type}\n`}data: ${JSON.stringify(data)}\n\n`
}
