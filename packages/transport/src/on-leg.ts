import { type Leg, type LegAttributes, type LegEnd, type LegStart, leg } from '@holdfast/policy'
import { classOfError } from './failure.ts'

/** The words that a wire has for a leg of a call. */
export interface LegWords<R> {
  readonly start: () => LegStart
  /** What an answer says; nothing unless it is given. */
  readonly answered?: (answer: R) => LegEnd
  /** What a failure says beside its class and its `code`. */
  readonly failed?: (error: unknown) => LegAttributes
}

/** Does one leg of a call, in whatever goes along with it: at once, and just as it is where nothing does. */
export function onLeg<R>(words: LegWords<R>, work: () => R | PromiseLike<R>): R | PromiseLike<R> {
  const own = leg(words.start)
  return own === undefined ? work() : accompanied(own, words, work)
}

async function accompanied<R>(
  own: Leg,
  { answered, failed }: LegWords<R>,
  work: () => R | PromiseLike<R>,
): Promise<R> {
  try {
    const answer = await own.run(work)
    own.end(answered?.(answer) ?? { is: 'done' })
    return answer
  } catch (error) {
    own.end(failedLeg(error, failed?.(error)))
    throw error
  }
}

/** The end of a leg that failed, with the class of the failure. */
export function failedLeg(error: unknown, attributes?: LegAttributes): LegEnd {
  return { is: 'failed', error, attributes: { 'holdfast.failure': classOfError(error), ...attributes } }
}

/** Where a leg leads, by `HOST:PORT` in whatever kind of address; a path is an address without a port. */
export function serverOf(address: string): LegAttributes {
  const [, host = address, port] =
    /^(?:[a-z+]+:)?(?:\/\/[^/@]*\/)?(?:\/\/)?(?:[^/@]*@)?(.+?)(?::(\d{1,5}))?$/.exec(address) ?? []
  return {
    'server.address': host.replace(/^\[(.*)\]$/, '$1'),
    ...(port !== undefined && { 'server.port': Number(port) }),
  }
}
