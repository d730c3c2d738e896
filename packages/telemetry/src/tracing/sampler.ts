import type { Clock, Random } from '@holdfast/policy'

/** A share of all traces, 0 to 1, or as many a second as that. */
export type Sample = number | { readonly perSecond: number }

/*
 * I1  Of as many traces a second as `perSecond` or fewer, all are sampled; of more, never more than that, and a second's worth in one go.
 */

/** Decides of one trace after the other whether it is sampled. */
export function sampler(
  sample: Sample,
  { clock, random }: { readonly clock: Pick<Clock, 'now'>; readonly random: Random },
): () => boolean {
  if (typeof sample === 'number') return () => random() < sample
  const { perSecond } = sample
  const most = Math.max(1, perSecond)
  let left = most
  let then = clock.now()
  return () => {
    const now = clock.now()
    left = Math.min(most, left + (Math.max(0, now - then) / 1_000) * perSecond)
    then = now
    if (left < 1) return false
    left--
    return true
  }
}
