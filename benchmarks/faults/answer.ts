/** The healthy answer: sixty words, the same from everyone. */
export const words: readonly string[] = (
  'A gateway that keeps its promise says every word once: it waits when it is asked to wait, turns to another when nobody is ' +
  'at home, and goes on in the middle of a sentence without a seam. Whoever listens at the other end hears one voice from the ' +
  'first word to the last and never learns how many there were.'
).split(/(?<= )/)

/** What a client has to have got in the end. */
export const wholeAnswer = words.join('')

/** The tokens that a provider reports; the two differ, so that it shows whose answer was counted. */
export const primaryUsage = { prompt_tokens: 11, completion_tokens: 60, total_tokens: 71 } as const
/** The fallback's. */
export const fallbackUsage = { prompt_tokens: 12, completion_tokens: 60, total_tokens: 72 } as const
