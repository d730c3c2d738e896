/** The variable by which every process of a service is known, whatever group or session it moves to. */
export const unitVariable = 'HOLDFAST_UNIT'

/** What becomes of a service when its governor is killed: it ends too, or the next governor takes it over. */
export type OnGovernorDeath = 'kill' | 'adopt'

/** One run of one service, under one governor. */
export interface Unit {
  /** Random, so that nobody else's environment holds it. */
  readonly governor: string
  readonly onGovernorDeath: OnGovernorDeath
  readonly service: string
  /** Different for every spawn. */
  readonly run: string
}

/** A unit as one word, without blanks. */
export const unitText = ({ governor, onGovernorDeath, service, run }: Unit): string =>
  [governor, onGovernorDeath, encodeURIComponent(service.toWellFormed()), run].join('/')

/** The unit that a word stands for, if it stands for one. */
export const unitOf = (text: string): Unit | undefined => {
  const [, governor, onGovernorDeath, service, run] =
    /^([^/\s]+)\/(kill|adopt)\/([^/\s]+)\/([^/\s]+)$/.exec(text) ?? []
  if (!governor || !service || !run) return undefined
  try {
    const name = decodeURIComponent(service)
    return { governor, onGovernorDeath: onGovernorDeath as OnGovernorDeath, service: name, run }
  } catch {
    return undefined
  }
}

/** The value for a child: a governor within a service of another adds itself, so that both find what is theirs. */
export const unitValue = (unit: Unit, inherited: string | undefined): string =>
  [inherited, unitText(unit)].filter(Boolean).join(' ')

/** The units in the value of the variable. */
export const unitsIn = (value: string): readonly Unit[] =>
  value.split(/\s+/).flatMap((word) => unitOf(word) ?? [])
