import type { Call } from '@holdfast/policy'
import { ProviderFailure } from '../provider-failure.ts'
import { type Answered, type Asking, askModels, type ModelLink } from './ask-models.ts'
import { AttemptLimits } from './attempt-limits.ts'
import { type Generated, isUnfinished, type Model, type ModelCall } from './language-model.ts'
import { modelFailure } from './model-failure.ts'
import { nextCall } from './next-call.ts'

/** An answer in one piece: whatever goes wrong before it is whole costs its caller nothing but time. */
export function generate(asking: Asking<Model>, options: ModelCall): Promise<Answered<Generated>> {
  return askModels(asking, async (link, call) => {
    const next = nextCall(asking.journey, options)
    const answer = await answered(
      (abortSignal) => link.model.doGenerate({ ...next, abortSignal }),
      link,
      call,
    )
    if (!isUnfinished(answer.finishReason, false)) return answer
    throw new ProviderFailure({
      class: 'transient',
      message: `${link.name} broke off in the middle of the answer`,
      code: 'CUT',
    })
  })
}

/** What a model answers in one piece, within its limits. */
export async function answered<T>(
  ask: (signal: AbortSignal) => PromiseLike<T>,
  { name, clock, patience }: Omit<ModelLink<unknown>, 'model'>,
  { signal }: Call,
): Promise<T> {
  const limits = new AttemptLimits({ link: name, clock, signal })
  limits.expect('an answer', patience.headers)
  let whole = false
  try {
    const answer = await limits.until((async () => ask(limits.signal))())
    whole = true
    return answer
  } catch (error) {
    throw modelFailure(error, name)
  } finally {
    limits.end(whole)
  }
}
