import type { Family } from '@holdfast/telemetry'
import type { ChainCache } from './chain-cache.ts'
import type { Shelves } from './shelves.ts'

/** What the caches of chains did, and what is kept, as metric families; always the same ones. Labels are names of the configuration and words of ours. */
export function cacheFamilies(
  chains: Iterable<{ readonly name: string; readonly cache?: ChainCache | undefined }>,
  { memory, disk }: Shelves,
): Family[] {
  const cached = [...chains].flatMap(({ name: chain, cache }) =>
    cache ? [{ chain, counts: cache.counts }] : [],
  )
  const shelves = Object.entries({ memory, disk }).flatMap(([keep, shelf]) =>
    shelf && cached.length > 0 ? [{ labels: { keep }, shelf }] : [],
  )
  return [
    {
      name: 'holdfast_gateway_cache_answers_total',
      help: 'Answers that were kept (hit), that another request was being given (joined), or that were past their time (stale).',
      type: 'counter',
      samples: cached.flatMap(({ chain, counts: { hits: hit, joined, stale } }) =>
        Object.entries({ hit, joined, stale }).map(([how, value]) => ({ labels: { chain, how }, value })),
      ),
    },
    {
      name: 'holdfast_gateway_cache_misses_total',
      help: 'Requests whose answer could have been kept, and was not.',
      type: 'counter',
      samples: cached.map(({ chain, counts }) => ({ labels: { chain }, value: counts.misses })),
    },
    {
      name: 'holdfast_gateway_cache_bytes',
      help: 'What the answers take that are kept, in bytes.',
      type: 'gauge',
      samples: shelves.map(({ labels, shelf }) => ({ labels, value: shelf.bytes })),
    },
    {
      name: 'holdfast_gateway_cache_evictions_total',
      help: 'Answers that were taken away before their time, since there was no room.',
      type: 'counter',
      samples: shelves.map(({ labels, shelf }) => ({ labels, value: shelf.evicted })),
    },
  ]
}
