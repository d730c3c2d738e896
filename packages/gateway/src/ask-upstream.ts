import type { Call } from '@holdfast/policy'
import { classOfError } from '@holdfast/transport'
import type { Asked } from './chain.ts'
import type { Dialect } from './dialects/dialect.ts'
import { told } from './dialects/told.ts'
import { final, refusesPrefill } from './final-failure.ts'
import type { Lane } from './hedging/lane.ts'
import { marks } from './journey.ts'
import type { UpstreamLink } from './link.ts'
import { modelCall } from './model-call.ts'
import { withValue } from './model-span.ts'
import { pause } from './pause.ts'
import { ProviderFailure } from './provider-failure.ts'
import { prefilled } from './stream/prefill.ts'
import type { Upstream } from './upstream.ts'
import { refusesUsage, wantsUsage, withUsage } from './usage/asked-usage.ts'

/**
 * Sends the request through the upstream's policy; answers what it failed with, or nothing. Within one attempt of the policy, each key is used once at
 * most, and a prefill that is refused is left out; so is a question for its tokens that the provider does not know.
 */
export async function askUpstream(asked: Asked, lane: Lane): Promise<unknown> {
  const { journey, reply, request } = asked
  const { link, signal, claim } = lane
  const { name, host, passes, tally, streams } = link.upstream
  const dialect = link.upstream.speaks(request.dialect)
  const model = link.model ?? request.model
  const able = link.upstream.able(model)
  const heard = told(request, { upstream: name, host, model, able, dialect, passes })
  if (heard instanceof ProviderFailure) return heard
  const chat = !request.passage
  const unasked = request.metered && request.stream && chat && dialect === 'openai' && !wantsUsage(request)
  let sent = unasked && !link.upstream.silent.ofUsage ? withUsage(heard) : heard
  let { prefill } = able
  const attempt = async (call: Call, keys = 1): Promise<void> => {
    const upstream = await seat(link, { clock: asked.clock, signal: call.signal })
    const { transcript } = reply
    const beginning = prefill && transcript.started ? prefilled(sent, transcript.text, prefill) : undefined
    journey.attempts++
    lane.attempts++
    const options = {
      ...asked,
      attempt: journey.attempts,
      upstream,
      dialect,
      link: link.name,
      pulse: link.pulse,
      model: link.model,
      claim,
      marks: () => marks(journey, link.name),
      json: beginning ?? (streams && chat && !request.stream ? asStream(sent.json, dialect) : sent.json),
      continues: beginning !== undefined,
    }
    tally.attempts++
    lane.since = asked.clock.now()
    try {
      await modelCall(options, call)
    } catch (error) {
      lane.since = undefined
      tally.failed(classOfError(error))
      if (atFault(error)) link.pulse.hasFailed()
      if (beginning !== undefined && refusesPrefill(error)) {
        prefill = false
        return attempt(call, keys)
      }
      if (sent !== heard && refusesUsage(error)) {
        link.upstream.silent.ofUsage = true
        sent = heard
        return attempt(call, keys)
      }
      if (keyAtFault(error) && link.upstream.spare(keys, link.model) && !signal.aborted)
        return attempt(call, keys + 1)
      if (transcript.started && !signal.aborted) journey.cut = true
      if ((reply.begun && !transcript.resumable) || journey.retriedOutside) throw final(error)
      throw error
    }
  }
  try {
    await link.upstream.pipeline((call) => attempt(call), { signal })
    return undefined
  } catch (error) {
    return error ?? new Error('the call failed without a reason')
  }
}

/** The upstream with a key that may be used. What it waits for one is no retry: nothing has failed, and no budget is drawn on. */
async function seat(
  { upstream, model }: UpstreamLink,
  until: Parameters<typeof pause>[1],
): Promise<Upstream> {
  const patience = until.clock.now() + upstream.longestWait
  for (;;) {
    const turn = upstream.turn(model)
    if (typeof turn !== 'number') return turn
    if (until.clock.now() + turn > patience) throw resting(upstream.name, turn)
    await pause(turn, until)
    until.signal.throwIfAborted()
  }
}

/** All its keys are used up for now: the call is not made, and may be when they are not. */
function resting(upstream: string, ms: number): ProviderFailure {
  return new ProviderFailure({
    class: 'throttled',
    message: `${upstream} has asked to be left alone for ${Math.ceil(ms)} ms more`,
    retryAfter: ms,
    code: 'RESTING',
  })
}

/** Not the request's fault, nor that of whoever called it off. */
function atFault(error: unknown): boolean {
  if (!(error instanceof ProviderFailure)) return false
  const { blame, code } = error
  return (blame === 'link' || blame === 'model') && error.class !== 'cancelled' && code !== 'DIVERGED'
}

/** Another key of the same provider may do. */
function keyAtFault(error: unknown): boolean {
  if (!(error instanceof ProviderFailure)) return false
  const { status, blame } = error
  return blame === 'link' && (status === 401 || status === 403 || status === 429)
}

/** The same request for a stream, with its usage, which Anthropic's wire always tells. */
function asStream(json: string, dialect: Dialect): string {
  if (dialect === 'anthropic') return withValue(json, 'stream', 'true')
  return withValue(withValue(json, 'stream', 'true'), 'stream_options', '{"include_usage":true}')
}
