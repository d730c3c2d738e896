const textual = /^(-e|-p|-pe|--eval|--print|--input-type)$/
const textualWhole = /^(--eval|--print|--input-type)=/

/**
 * What a thread is to tell Node, if it may not simply be what this process was told: a program that was given as text is
 * the main thread's alone, and Node refuses a thread that is told how to read it. Pure.
 */
export const threadArguments = (told: readonly string[]): string[] | undefined => {
  const isText = (word: string, at: number) =>
    textual.test(word) || textualWhole.test(word) || textual.test(told[at - 1] ?? '')
  return told.some(isText) ? told.filter((word, at) => !isText(word, at)) : undefined
}
