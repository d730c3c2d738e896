import type { Distribution, Family, Sample } from '@holdfast/telemetry'
import type { Chain } from './completions.ts'
import type { Link, UpstreamLink } from './link.ts'
import { outcomes } from './tally.ts'
import type { Upstream } from './upstream.ts'

/**
 * What the chains and upstreams of a gateway counted, as metric families; always the same ones.
 *
 * Every label is a name of the configuration or a word of ours. Where the semantic conventions for generative AI have a metric, ours ends in its
 * words: `gen_ai.client.token.usage`, `.operation.duration`, `.operation.time_to_first_chunk`, `.operation.time_per_output_chunk`.
 */
export function gatewayFamilies(chains: Iterable<Chain>, upstreams: Iterable<Upstream>): Family[] {
  const all = [...chains]
  return [...chainFamilies(all), ...upstreamFamilies([...upstreams]), ...pulseFamilies(all)]
}

function chainFamilies(chains: readonly Chain[]): Family[] {
  const all = chains.map((chain) => ({
    ...chain,
    counts: chain.tally.counts(),
    labels: { chain: chain.name },
  }))
  const each = (value: (chain: (typeof all)[number]) => number): Sample[] =>
    all.map((chain) => ({ labels: chain.labels, value: value(chain) }))
  return [
    gauge(
      'holdfast_gateway_in_flight_requests',
      'Requests being answered now.',
      each(({ tally }) => tally.inFlight),
    ),
    counter(
      'holdfast_gateway_requests_total',
      'Requests to a chain.',
      each(({ counts }) => counts.requests),
    ),
    counter(
      'holdfast_gateway_answers_total',
      'Whole answers, by the link that gave them.',
      all.flatMap(({ labels, counts }) => byKey(labels, 'link', counts.answered)),
    ),
    counter(
      'holdfast_gateway_failures_total',
      'Requests that no link could answer whole.',
      each(({ counts }) => counts.failed),
    ),
    counter(
      'holdfast_gateway_refusals_total',
      'Requests that are at fault themselves, as a provider said.',
      each(({ counts }) => counts.refused),
    ),
    counter(
      'holdfast_gateway_cancellations_total',
      'Requests whose client went away.',
      each(({ counts }) => counts.cancelled),
    ),
    counter(
      'holdfast_gateway_fallbacks_total',
      'Links passed over, by reason.',
      all.flatMap(({ labels, counts }) =>
        Object.entries(counts.passedOver).flatMap(([link, reasons]) =>
          byKey({ ...labels, link }, 'reason', reasons),
        ),
      ),
    ),
    counter(
      'holdfast_gateway_streams_cut_total',
      'Streams that broke off after the client had been given their beginning.',
      each(({ tally }) => tally.streams.cut),
    ),
    counter(
      'holdfast_gateway_streams_mended_total',
      'Streams that broke off so, and were brought to their end.',
      each(({ tally }) => tally.streams.mended),
    ),
    counter(
      'holdfast_gateway_hedges_sent_total',
      'Links that were asked beside one that was late.',
      each(({ tally }) => tally.hedges.sent),
    ),
    counter(
      'holdfast_gateway_hedges_won_total',
      'Links that were asked so, and were first to bring content.',
      each(({ tally }) => tally.hedges.won),
    ),
    histogram(
      'holdfast_gateway_request_duration_seconds',
      'From the last byte of a request to the last of its answer.',
      all.flatMap(({ labels, tally }) =>
        outcomes.map((outcome) => tally.seconds[outcome].distribution({ ...labels, outcome })),
      ),
    ),
    histogram(
      'holdfast_gateway_time_to_first_chunk_seconds',
      'From the last byte of a request to the first content of its answer, of streams.',
      all.map(({ labels, tally }) => tally.toFirstChunk.distribution(labels)),
    ),
    histogram(
      'holdfast_gateway_request_attempts',
      'Calls to upstreams that a request took, over all links.',
      all.map(({ labels, tally }) => tally.attempts.distribution(labels)),
    ),
    counter(
      'holdfast_gateway_cost_total',
      'What calls cost, in the currency of the prices: answers, and what was paid in vain.',
      all.flatMap(({ labels, links, tally }) => costs(labels, links, tally.costs)),
    ),
    counter(
      'holdfast_gateway_token_usage_total',
      'Tokens that answers took, as far as providers say.',
      all.flatMap(({ name, links, tally }) => tokens(name, links, tally.tokens)),
    ),
  ]
}

function upstreamFamilies(upstreams: readonly Upstream[]): Family[] {
  const all = upstreams.map(({ name, tally }) => ({ labels: { upstream: name }, tally }))
  return [
    counter(
      'holdfast_upstream_attempts_total',
      'Calls sent to an upstream, retries included.',
      all.map(({ labels, tally }) => ({ labels, value: tally.attempts })),
    ),
    counter(
      'holdfast_upstream_failures_total',
      'Calls to an upstream that failed, by class.',
      all.flatMap(({ labels, tally }) => byKey(labels, 'class', tally.failures)),
    ),
    histogram(
      'holdfast_upstream_operation_duration_seconds',
      'How long a call to an upstream took, however it ended.',
      all.map(({ labels, tally }) => tally.seconds.distribution(labels)),
    ),
    histogram(
      'holdfast_upstream_time_to_first_chunk_seconds',
      'From a call to the first content of its answer, of streams.',
      all.map(({ labels, tally }) => tally.toFirstChunk.distribution(labels)),
    ),
    histogram(
      'holdfast_upstream_time_per_output_chunk_seconds',
      'From content to content, the mean of a whole stream.',
      all.map(({ labels, tally }) => tally.betweenChunks.distribution(labels)),
    ),
  ]
}

/** How each model does now that a chain names; one that goes by the client's own name for it has none. */
function pulseFamilies(chains: readonly Chain[]): Family[] {
  const links = chains.flatMap((chain) => chain.links.filter((link) => link.is === 'upstream'))
  const each = [...new Map(links.map((link) => [link.pulse, link])).values()]
  const samples = (value: (link: UpstreamLink) => number | undefined): Sample[] =>
    each.flatMap((link) => {
      const now = value(link)
      return now === undefined
        ? []
        : { labels: { upstream: link.upstream.name, model: link.model ?? '' }, value: now }
    })
  return [
    gauge(
      'holdfast_upstream_in_flight_calls',
      'Calls to a model that are under way.',
      samples(({ pulse }) => pulse.inFlight),
    ),
    gauge(
      'holdfast_upstream_recent_time_to_first_chunk_seconds',
      'From a call to the first content of its answer, of streams, in the mean of the last few.',
      samples(({ pulse }) => {
        const pace = pulse.pace(true)
        return pace && pace.mean / 1_000
      }),
    ),
  ]
}

/** By link, with the upstream and the model it stands for; a link without a model of its own asks for the name of the chain. */
function tokens(chain: string, links: readonly Link[], used: Chain['tally']['tokens']): Sample[] {
  const byName = new Map(
    links.flatMap((link) => (link.is === 'upstream' ? [[link.name, link] as const] : [])),
  )
  return [...byName.values()].flatMap(({ name: link, upstream, model = chain }) => {
    const { input, output } = used.get(link) ?? { input: 0, output: 0 }
    return byKey({ chain, link, upstream: upstream.name, model }, 'token_type', { input, output })
  })
}

/** By link. Sums are kept in millionths, so that they are exact. */
function costs(labels: Sample['labels'], links: readonly Link[], spent: Chain['tally']['costs']): Sample[] {
  const names = new Set(links.flatMap((link) => (link.is === 'upstream' ? [link.name] : [])))
  return [...names].flatMap((link) => {
    const { answer, waste } = spent.get(link) ?? { answer: 0, waste: 0 }
    return byKey({ ...labels, link }, 'spent_on', { answers: answer / 1_000_000, waste: waste / 1_000_000 })
  })
}

function byKey(
  labels: Sample['labels'],
  key: string,
  counts: Readonly<Record<string, number | undefined>>,
): Sample[] {
  return Object.entries(counts).map(([of, value = 0]) => ({ labels: { ...labels, [key]: of }, value }))
}

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help, type: 'gauge', samples }
}

function counter(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help, type: 'counter', samples }
}

function histogram(name: string, help: string, samples: readonly Distribution[]): Family {
  return { name, help, type: 'histogram', samples }
}
