import type { Life } from '../life/life.ts'

/** The processes that are one service, as they shall be. */
export interface Crew {
  readonly replicas: number
  readonly spare: number
  readonly surge: number
  /** Those that shall be replaced, by their ids. */
  readonly stale: ReadonlySet<string>
}

/** What there is of a crew. */
export interface Manned {
  /** In the order in which they came. */
  readonly lives: readonly Life[]
  /** How many more are ending, since they were told to go. */
  readonly retiring: number
}

export interface CrewMoves {
  /** Replicas to be added by their number; undefined is a spare. */
  readonly add: readonly (number | undefined)[]
  /** Who shall go, by id. */
  readonly retire: readonly string[]
  /** Who takes whose place. */
  readonly letIn: readonly { readonly spare: Life; readonly fallen: Life }[]
  /** Why those that are to be replaced stay. */
  readonly stuck: string | undefined
}

/*
 * R1  Each replica from 1 to `replicas` is there, and none above; the surplus goes newest first.
 * R2  One that is to be replaced goes when another of its number is ready, and not before.
 * R3  No more than `surge` are replaced at a time, from the start of the new one to the end of the old one.
 * R4  A replacement that fails once goes, and those that are not replaced yet stay.
 * R5  A spare is started when all replicas are ready, and never beside what is to be replaced.
 * R6  A spare takes the place of one that ended by itself for the first time since it was stable; one that falls again
 *     and again waits as long as without a spare.
 */
/** What to do so that a crew becomes as it shall be. Pure. */
export const crewMoves = (crew: Crew, { lives, retiring }: Manned): CrewMoves => {
  const { replicas, stale, spare, surge } = crew
  const numbers = Array.from({ length: replicas }, (_, index) => index + 1)
  const isStale = ({ id }: Life) => stale.has(id)
  const of = (replica: number) => lives.filter((life) => life.replica === replica)
  const surplus = lives
    .filter(({ replica }) => replica !== undefined && replica > replicas)
    .toSorted((one, other) => other.replica! - one.replica!)

  const pairs = numbers.map((replica) => ({
    replica,
    old: of(replica).filter(isStale),
    young: of(replica).filter((life) => !isStale(life)),
  }))
  const rolling = pairs.filter(({ old }) => old.length > 0)
  const stuck = rolling.flatMap(({ young }) => young.map(flaw)).find((why) => why !== undefined)
  const replaced = rolling.flatMap(({ old, young }) => (young.some(isThere) ? old : []))
  const twins = pairs.flatMap(({ old, young }) => {
    const failed = stuck !== undefined && old.length > 0 ? young.filter((life) => !isThere(life)) : []
    return [...beyondOne(old), ...(failed.length > 0 ? failed : beyondOne(young))]
  })

  const busy = rolling.filter(({ young }) => young.length > 0 && !young.some(isThere)).length
  const room = stuck === undefined ? Math.max(0, surge - busy - retiring - replaced.length) : 0
  const begun = rolling.filter(({ young }) => young.length === 0).slice(0, room)
  const missing = pairs.filter(({ old, young }) => old.length === 0 && young.length === 0)

  const spares = lives.filter(({ replica }) => replica === undefined)
  const rested = rolling.length === 0 && surplus.length === 0
  const wrong = rested ? spares.filter(isStale) : []
  const right = spares.filter((life) => !wrong.includes(life))
  const wanting = rested && wrong.length === 0 && pairs.every(({ young }) => young.some(isReady))
  const fallen = lives.filter(fell)
  const letIn = fallen.flatMap((life) => {
    const heir = right.find(
      (each) => each.state.is === 'spare' && each.service === life.service && isStale(each) === isStale(life),
    )
    return heir ? [{ spare: heir, fallen: life }] : []
  })
  return {
    add: [
      ...missing.map(({ replica }) => replica),
      ...begun.map(({ replica }) => replica),
      ...(wanting && right.length < spare ? [undefined] : []),
    ],
    retire: [...new Set([...surplus, ...replaced, ...twins, ...wrong, ...right.slice(spare)])].map(
      ({ id }) => id,
    ),
    // One spare for one at a time: who takes a place is known only when it was taken.
    letIn: letIn.slice(0, 1),
    stuck,
  }
}

const isReady = ({ state }: Life): boolean => state.is === 'ready'
const isThere = ({ state }: Life): boolean => state.is === 'ready' || state.is === 'done'

/** All but the one that is there, or would be first. */
const beyondOne = (lives: readonly Life[]): readonly Life[] => {
  const [stays = lives[0]] = lives.filter(isThere)
  return lives.filter((life) => life !== stays)
}

/** Why a replacement will not be ready at its first attempt. */
const flaw = ({ state, restarts, lastError = 'it failed' }: Life): string | undefined => {
  if (state.is === 'failed') return state.why
  return restarts > 0 || (state.is === 'stopping' && state.next !== 'waiting') ? lastError : undefined
}

const fell = ({ state, replica, role, run, lastExit, attempt, cause }: Life): boolean =>
  replica !== undefined &&
  role === 'command' &&
  state.is === 'stopping' &&
  state.next === 'backing-off' &&
  cause?.reason === 'exit' &&
  attempt === 0 &&
  run !== undefined &&
  lastExit !== undefined &&
  lastExit.at >= run.at
