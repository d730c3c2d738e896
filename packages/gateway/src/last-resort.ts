import type { Asked } from './chain.ts'
import { marks } from './journey.ts'
import type { Link } from './link.ts'
import { ruleAnswer, sendRuleAnswer } from './rules.ts'

/** Answers in place of the models: by an old answer, or by the rules. Says why it could not, if so. */
export function lastResort(
  link: Exclude<Link, { is: 'upstream' }>,
  { request, reply, journey, stale }: Pick<Asked, 'request' | 'reply' | 'journey' | 'stale'>,
): string | undefined {
  const headers = marks(journey, link.name)
  if (link.is === 'stale') {
    if (!stale) return 'no answer to this request is kept'
    stale(reply, headers)
    return undefined
  }
  const answer = ruleAnswer(link.rules, request)
  if ('why' in answer) return answer.why
  sendRuleAnswer(answer.text, request, reply, headers)
  return undefined
}
