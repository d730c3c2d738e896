/** How much is told, from everything to nothing. */
export const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

/** `silent` tells nothing. */
export type Level = (typeof levels)[number]

/** Whether something of a level is told where `least` is the least that is. */
export function isTold(level: Level, least: Level): boolean {
  return ranks[level] >= ranks[least]
}

const ranks: Readonly<Record<Level, number>> = {
  ...{ trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60, silent: Infinity },
}
