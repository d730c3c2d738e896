/** A link that failed before another one answered, and the class of its failure (`open`: its breaker let nothing through). */
export type Failed = { link: string; why: string }

/** Who answers, as the gateway's `x-holdfast-*` headers tell it. */
export type Answering = { link: string; attempts: number; failed: readonly Failed[] }

/** Reads the gateway's answer headers. */
export function answering(headers: Headers): Answering {
  const failed = headers.get('x-holdfast-failed')?.split(',') ?? []
  return {
    link: headers.get('x-holdfast-link') ?? 'someone',
    attempts: Number(headers.get('x-holdfast-attempts') ?? 1),
    failed: failed.map((entry) => {
      const [link = '', why = ''] = entry.trim().split('=')
      return { link, why }
    }),
  }
}

/** Reads the comment by which the gateway tells, in the middle of a stream, who goes on with the sentence; undefined for any other comment. */
export function takenUp(comment: string): Answering | undefined {
  if (!comment.startsWith('x-holdfast-')) return undefined
  const pairs = comment.split(' ').map((pair): [string, string] => {
    const [name = ''] = pair.split('=', 1)
    return [name, pair.slice(name.length + 1)]
  })
  return answering(new Headers(pairs))
}

/** What an answer was: who gave it, after how many attempts, and how soon; `before` are those who gave its beginning. */
export type Told = { by: Answering; after: number; before: readonly string[] }

/**
 * The line at the joint of a sentence that two links say: `── primary died after “…row it opens,”; secondary goes on ──`. Of what was `said`
 * it repeats as many last words as fit into `width` characters.
 */
export function joint({ link, failed }: Answering, said: string, width: number): string {
  const last = failed.at(-1)
  const ends = last?.why === 'timeout' ? 'fell silent' : 'died'
  const line = (words: string) =>
    `── ${last?.link ?? 'the link before'} ${ends}${words && ` after “${words}”`}; ${link} goes on ──`
  const words = said.trim().split(/\s+/)
  const quotes = [4, 3, 2, 1].map((count) =>
    words.length > count ? `…${words.slice(-count).join(' ')}` : words.join(' '),
  )
  return quotes.map(line).find(({ length }) => length <= width) ?? line('')
}

/** The line below an answer: `primary, 1 attempt, 412 ms to first token`. */
export function caption({ by, after, before }: Told): string {
  const { link, attempts } = by
  const who = [...before, link].join(', then ')
  return `${who}: ${attempts} attempt${attempts === 1 ? '' : 's'}, ${Math.round(after)} ms to first token`
}

/** The line that tells a change of link, if this answer is one: who took over, from whom, after what, in how many ms. */
export function takeover(before: string | undefined, now: Answering, after: number): string | undefined {
  if (now.link === before) return undefined
  const inTime = `in ${Math.round(after)} ms`
  if (now.failed.length > 0) {
    const from = now.failed.map(({ link, why }) => `${link} (${why})`).join(' and ')
    return `${now.link} took over from ${from} ${inTime}`
  }
  return before === undefined ? undefined : `${now.link} is back and took over from ${before} ${inTime}`
}
