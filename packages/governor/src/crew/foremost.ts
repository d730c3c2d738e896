import type { Life } from '../life/life.ts'

/** The replica that stands for its service: one that is ready if enough of them are, otherwise the first that is not. */
export const foremost = (lives: readonly Life[]): Life => {
  const replicas = lives.filter(({ replica }) => replica !== undefined).toSorted(byNumber)
  const there = replicas.filter(({ state }) => state.is === 'ready' || state.is === 'done')
  const { enough } = lives[0]!.service
  const [missing] = replicas.filter((life) => !there.includes(life))
  return (there.length >= Math.min(enough, replicas.length) ? there[0] : missing) ?? lives[0]!
}

/** By the number of the replica; a spare comes last. */
export const byNumber = (one: Life, other: Life): number =>
  (one.replica ?? Infinity) - (other.replica ?? Infinity) || 0
