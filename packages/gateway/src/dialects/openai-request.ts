import { record } from '../json-value.ts'
import { beginsThread, ForeignThread } from './foreign-thread.ts'
import { openaiMessages, openaiWire } from './openai-conversation.ts'
import { unknownTo } from './untranslatable.ts'
import { number, objects, said, text, type WireObject, withoutGaps } from './wire-value.ts'

/** What of a request a server of the OpenAI wire takes. */
export interface OpenaiTaste {
  /** What it calls the limit: OpenAI's own models refuse the older name, and most other servers know no other. */
  readonly limit: 'max_tokens' | 'max_completion_tokens'
  /** Whether what an assistant thought may come back to it: some refuse fields of a message that they do not know. */
  readonly thinking: boolean
}

/**
 * A request of Anthropic's messages as one of OpenAI's chat completions (the pages at `anthropicRequest`).
 *
 * Left out, since the answer is one without it: `cache_control`, `top_k`, how much to think (but for an effort that is named), the name of a
 * service tier, `speed`, whether a tool's result was an error, and that a conversation is to be kept. Throws `ForeignThread` for the rest of one that
 * is kept, and `Untranslatable` for everything else that has no counterpart: tools that Anthropic runs itself, its files and containers, where in the
 * world to compute.
 */
export function openaiRequest(body: WireObject, taste: OpenaiTaste): WireObject {
  for (const [field] of said(body)) if (!understood.has(field)) throw unknownTo(openaiWire, field)
  if (!beginsThread(body)) throw new ForeignThread()
  const tools = objects(body['tools']).map(toolOf)
  const choice = record(body['tool_choice'])
  const stops = body['stop_sequences']
  const user = text(record(body['metadata'])?.['user_id'])
  const config = record(body['output_config'])
  return withoutGaps({
    model: body['model'],
    messages: openaiMessages(body, taste.thinking),
    [taste.limit]: number(body['max_tokens']),
    temperature: number(body['temperature']),
    top_p: number(body['top_p']),
    stop: Array.isArray(stops) && stops.length > 0 ? stops : undefined,
    stream: body['stream'] ?? undefined,
    stream_options: body['stream'] === true ? { include_usage: true } : undefined,
    tools: tools.length > 0 ? tools : undefined,
    tool_choice: tools.length > 0 && choice ? choiceOf(choice) : undefined,
    parallel_tool_calls:
      tools.length > 0 && choice?.['disable_parallel_tool_use'] === true ? false : undefined,
    response_format: formatOf(record(config?.['format'])),
    reasoning_effort: config?.['effort'] ?? undefined,
    user: user !== '' && user.length <= longestUser ? user : undefined,
  })
}

const understood: ReadonlySet<string> = new Set(
  'model messages system max_tokens temperature top_p top_k stop_sequences stream tools tool_choice thinking output_config metadata cache_control service_tier speed context_management diagnostics thread'.split(
    ' ',
  ),
)

/** OpenAI takes no longer one; some clients of Anthropic's put a whole object there. */
const longestUser = 64

function toolOf(tool: WireObject, nth: number): WireObject {
  const { type } = tool
  if (type !== undefined && type !== null && type !== 'custom')
    throw unknownTo(openaiWire, `tools[${nth}].type: ${text(type)}`)
  return {
    type: 'function',
    function: withoutGaps({
      name: tool['name'],
      description: tool['description'] ?? undefined,
      parameters: tool['input_schema'],
      strict: tool['strict'] === true ? true : undefined,
    }),
  }
}

function choiceOf({ type, name }: WireObject): unknown {
  switch (type) {
    case 'auto':
    case 'none':
      return type
    case 'any':
      return 'required'
    case 'tool':
      return { type: 'function', function: { name } }
    default:
      throw unknownTo(openaiWire, `tool_choice.type: ${text(type) || 'none'}`)
  }
}

function formatOf(format: WireObject | undefined): WireObject | undefined {
  if (!format) return undefined
  if (format['type'] !== 'json_schema')
    throw unknownTo(openaiWire, `output_config.format.type: ${text(format['type'])}`)
  return {
    type: 'json_schema',
    json_schema: { name: 'answer', schema: format['schema'], strict: true },
  }
}
