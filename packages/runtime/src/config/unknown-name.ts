import { didYouMean } from './did-you-mean.ts'

/** What to say of a name that leads nowhere. */
export function unknown(kind: string, name: string, known: object): string {
  return `there is no ${kind} '${name}'${didYouMean(name, Object.keys(known))}`
}
