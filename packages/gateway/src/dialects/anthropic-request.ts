import { record } from '../json-value.ts'
import { anthropicConversation } from './anthropic-conversation.ts'
import { anthropicWire } from './anthropic-parts.ts'
import { Untranslatable, unknownTo } from './untranslatable.ts'
import { number, objects, said, text, type WireObject, withoutGaps } from './wire-value.ts'

/** What of a request a model of the Anthropic wire takes. */
export interface AnthropicTaste {
  /** Whether it takes `temperature`, `top_p` and `top_k`. */
  readonly sampling: boolean
  /** `asked`: it thinks within a budget that is asked for; `adaptive`: as much as the effort says, or not at all; `always`: it cannot be kept from it. */
  readonly thinking: 'asked' | 'adaptive' | 'always'
  /** Whether it can be told to call a tool, or which. */
  readonly forced: boolean
  /** What stands for `max_tokens`, which this wire demands, where the client set no limit. */
  readonly maxTokens: number
}

/**
 * A request of OpenAI's chat completions as one of Anthropic's messages (https://platform.claude.com/docs/en/api/messages/create,
 * https://developers.openai.com/api/reference/resources/chat/subresources/completions/methods/create).
 *
 * Left out, since the answer is one without it: wishes (`seed`, penalties, `verbosity`, an effort where the model knows none), what belongs to
 * OpenAI's own service (`store`, `metadata`, `prediction`, `service_tier`, `prompt_cache_*`), the name of a speaker, the detail of an image.
 * Throws `Untranslatable` for everything else that has no counterpart.
 */
export function anthropicRequest(body: WireObject, taste: AnthropicTaste): WireObject {
  for (const [field, value] of said(body)) if (!understood.has(field)) judge(field, value)
  const { system, messages } = anthropicConversation(body['messages'])
  const tools = objects(body['tools']).map(toolOf)
  const user = text(body['safety_identifier']) || text(body['user'])
  return withoutGaps({
    model: body['model'],
    max_tokens: number(body['max_completion_tokens']) ?? number(body['max_tokens']) ?? taste.maxTokens,
    system: system.length > 0 ? system : undefined,
    messages,
    ...(taste.sampling && sampling(body)),
    stop_sequences: stopsOf(body['stop']),
    stream: body['stream'] ?? undefined,
    tools: tools.length > 0 ? tools : undefined,
    tool_choice: tools.length > 0 ? choiceOf(body, taste) : undefined,
    ...thinking(body, taste),
    metadata: user === '' ? undefined : { user_id: user },
  })
}

const understood: ReadonlySet<string> = new Set(
  'model messages max_completion_tokens max_tokens temperature top_p top_k stop stream stream_options tools tool_choice parallel_tool_calls response_format reasoning_effort thinking user safety_identifier'.split(
    ' ',
  ),
)

/** Of these, only the value says whether the answer would be another one: it is named if so. */
const harmless: Readonly<Record<string, (value: unknown) => boolean>> = {
  n: (value) => value === 1,
  logprobs: (value) => value === false,
  top_logprobs: (value) => value === 0,
  logit_bias: (value) => Object.keys(record(value) ?? {}).length === 0,
  modalities: (value) => Array.isArray(value) && value.every((each) => each === 'text'),
  functions: (value) => Array.isArray(value) && value.length === 0,
  seed: wish,
  presence_penalty: wish,
  frequency_penalty: wish,
  verbosity: wish,
  store: wish,
  metadata: wish,
  prediction: wish,
  service_tier: wish,
  prompt_cache_key: wish,
  prompt_cache_options: wish,
  prompt_cache_retention: wish,
  min_p: wish,
  repetition_penalty: wish,
  ttl: wish,
}

function wish(): boolean {
  return true
}

function judge(field: string, value: unknown): void {
  if (!Object.hasOwn(harmless, field) || !harmless[field]!(value)) throw unknownTo(anthropicWire, field)
}

/** Anthropic's temperature ends at 1, and its models want no more than one of the two. */
function sampling(body: WireObject): WireObject {
  const temperature = number(body['temperature'])
  return {
    temperature: temperature === undefined ? undefined : Math.min(temperature, 1),
    top_p: temperature === undefined ? number(body['top_p']) : undefined,
    top_k: number(body['top_k']),
  }
}

/** Anthropic refuses a stop of nothing but white space. */
function stopsOf(stop: unknown): string[] | undefined {
  const stops = (Array.isArray(stop) ? stop : [stop]).map(text).filter((each) => each.trim() !== '')
  return stops.length > 0 ? stops : undefined
}

function toolOf(tool: WireObject, nth: number): WireObject {
  const called = record(tool['function'])
  if (!called) throw unknownTo(anthropicWire, `tools[${nth}].type: ${text(tool['type']) || 'none'}`)
  return withoutGaps({
    name: called['name'],
    description: called['description'] ?? undefined,
    input_schema: called['parameters'] ?? { type: 'object', properties: {} },
    strict: called['strict'] === true ? true : undefined,
    cache_control: tool['cache_control'] ?? undefined,
  })
}

function choiceOf(body: WireObject, { forced }: AnthropicTaste): WireObject | undefined {
  const { tool_choice: choice } = body
  if (!forced && (choice === 'required' || record(choice)))
    throw new Untranslatable(
      'tool_choice',
      'forces a tool, which this model refuses: leave the choice to it, or name a chain with a model that can be forced.',
    )
  const single = body['parallel_tool_calls'] === false ? { disable_parallel_tool_use: true } : {}
  if (choice === 'none') return { type: 'none' }
  if (choice === 'required') return { type: 'any', ...single }
  if (choice === 'auto' || choice === null || choice === undefined)
    return choice === 'auto' || 'disable_parallel_tool_use' in single
      ? { type: 'auto', ...single }
      : undefined
  const called = record(record(choice)?.['function'])
  if (!called) throw unknownTo(anthropicWire, 'tool_choice')
  return { type: 'tool', name: called['name'], ...single }
}

/** How much to think, and in what form to answer: both are told in `output_config`. */
function thinking(body: WireObject, taste: AnthropicTaste): WireObject {
  const format = formatOf(body['response_format'])
  const asked = text(body['reasoning_effort'])
  const off = asked === 'none'
  const knows = taste.thinking !== 'asked'
  const effort = knows && asked !== '' && (!off || taste.thinking === 'always') ? effortOf(asked) : undefined
  const config = withoutGaps({ effort, format })
  return {
    thinking: body['thinking'] ?? (off && taste.thinking === 'adaptive' ? { type: 'disabled' } : undefined),
    output_config: Object.keys(config).length > 0 ? config : undefined,
  }
}

function effortOf(asked: string): string {
  return asked === 'none' || asked === 'minimal' ? 'low' : asked
}

function formatOf(given: unknown): WireObject | undefined {
  const format = record(given)
  if (!format || format['type'] === 'text') return undefined
  const schema = record(record(format['json_schema'])?.['schema'])
  if (format['type'] === 'json_schema' && schema) return { type: 'json_schema', schema }
  throw new Untranslatable(
    'response_format',
    `has a counterpart in ${anthropicWire} only as a json_schema with a schema: say what the answer has to look like.`,
  )
}
