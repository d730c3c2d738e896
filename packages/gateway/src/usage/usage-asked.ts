import type { UsageAsked } from './read-usage.ts'
import { keys } from './usage-row.ts'

/** The words of a question: those of a query string, or of a command. */
export type UsageWords = Readonly<Record<string, unknown>>

/** What the words ask for; a string says what is wrong with them. Without `by` clients and chains are told apart, and without days this month is meant. */
export function usageAsked(words: UsageWords, now: number): UsageAsked | string {
  const known = ['by', 'from', 'to', 'client']
  const other = Object.keys(words).find((word) => !known.includes(word))
  if (other !== undefined) return `there is no '${other.slice(0, 50)}': ask with ${known.join(', ')}`
  for (const word of known)
    if (words[word] !== undefined && typeof words[word] !== 'string') return `'${word}' can be said once`
  const { by: asked, from, to, client } = words as Readonly<Record<string, string | undefined>>
  const by =
    asked === undefined ? (['client', 'chain'] as const) : asked.split(',').filter((each) => each !== '')
  const stranger = by.find((each) => !keys.some((key) => key === each))
  if (stranger !== undefined)
    return `nothing can be told apart by '${stranger.slice(0, 50)}': 'by' is some of ${keys.join(', ')}, with commas`
  if (new Set(by).size < by.length) return "'by' says something twice"
  for (const [word, day] of [
    ['from', from],
    ['to', to],
  ] as const)
    if (day !== undefined && !isDay(day)) return `'${word}' must be a day, such as ${dayOf(now)} (UTC)`
  const first = from ?? (to === undefined ? `${dayOf(now).slice(0, 7)}-01` : undefined)
  if (first !== undefined && to !== undefined && first > to) return `'from' is after 'to'`
  return { by: by as UsageAsked['by'], from: first, to, client }
}

function dayOf(now: number): string {
  return new Date(now).toISOString().slice(0, 10)
}

function isDay(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false
  const read = Date.parse(text)
  return !Number.isNaN(read) && dayOf(read) === text
}
