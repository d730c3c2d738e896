import type { Random } from '@holdfast/policy'
import type { WireObject } from '../wire-value.ts'

/**
 * Conversations as they are written by someone who leaves nothing to the reader: what is translated there and back comes back the same. What a
 * translation loses is not in them, and is listed at the translation.
 */
export interface RandomConversation {
  /** A request of Anthropic's messages. */
  readonly messages: WireObject
  /** A request of OpenAI's chat completions. */
  readonly completions: WireObject
  /** A message of Anthropic's, as an answer. */
  readonly answer: WireObject
}

export function randomConversation(random: Random): RandomConversation {
  const some = dice(random)
  return { messages: anthropic(some), completions: openai(some), answer: answer(some) }
}

type Dice = ReturnType<typeof dice>

/** What chance can be asked for. */
export function dice(random: Random) {
  const upTo = (most: number): number => Math.floor(random() * (most + 1))
  const one = <T>(of: readonly T[]): T => of[upTo(of.length - 1)]!
  const maybe = <T>(value: () => T): T | undefined => (random() < 0.4 ? value() : undefined)
  const many = <T>(least: number, most: number, value: (nth: number) => T): T[] =>
    Array.from({ length: least + upTo(most - least) }, (_, nth) => value(nth))
  const words = (): string =>
    many(1, 6, () => one(vocabulary))
      .join(one([' ', '\n', '  ']))
      .trim() || 'x'
  const input = (): WireObject =>
    Object.fromEntries(
      many(0, 3, () => [
        one(['city', 'a b', 'ü', 'n']),
        one<unknown>([words(), upTo(9), null, true, [1, { x: '"' }], {}]),
      ]),
    )
  return { upTo, one, maybe, many, words, input, chance: random }
}

const vocabulary = [
  'fox',
  'Grüße',
  '🦊',
  '"quoted"',
  '\\n',
  '雨',
  '{',
  'data: x',
  '</x>',
  '\u2028',
  'a',
  "it's",
]
const picture = 'iVBORw0KGgo='

const block = ({ one, words }: Dice): WireObject =>
  one<() => WireObject>([
    () => ({ type: 'text', text: words() }),
    () => ({ type: 'image', source: { type: 'url', url: `https://x.example/${words().length}.png` } }),
    () => ({ type: 'image', source: { type: 'base64', media_type: 'image/png', data: picture } }),
    () => ({
      type: 'document',
      source: { type: 'base64', media_type: 'application/pdf', data: picture },
      title: `${words()}.pdf`,
    }),
  ])()

const thought = ({ one, words }: Dice): WireObject =>
  one<() => WireObject>([
    () => ({ type: 'thinking', thinking: words(), signature: `sig-${words()}` }),
    () => ({ type: 'thinking', thinking: '', signature: `sig-${words()}` }),
    () => ({ type: 'redacted_thinking', data: `data-${words()}` }),
  ])()

const use = (some: Dice, id: string): WireObject => ({
  type: 'tool_use',
  id,
  name: some.one(['weather', 'search']),
  input: some.input(),
})

const spoken = (some: Dice, id: string, tools: boolean): WireObject[] => {
  const uses = tools ? some.many(0, 2, (nth) => use(some, `${id}-${nth}`)) : []
  const words = uses.length === 0 || some.chance() < 0.5 ? [{ type: 'text', text: some.words() }] : []
  return [...some.many(0, 2, () => thought(some)), ...words, ...uses]
}

/** One text alone is text on the OpenAI wire; two texts in a row are said as they are. */
function anthropic(some: Dice): WireObject {
  const tools = some.maybe(() => some.one([['weather'], ['weather', 'search']]))
  const messages: WireObject[] = []
  let results: WireObject[] = []
  for (let turn = 0, turns = some.upTo(4); turn <= turns; turn++) {
    const asked = results.length > 0 && some.chance() < 0.5 ? [] : some.many(1, 3, () => block(some))
    messages.push({ role: 'user', content: [...results, ...asked] })
    if (turn === turns && some.chance() < 0.7) break
    const content = spoken(some, `t${turn}`, tools !== undefined && turn < turns)
    messages.push({ role: 'assistant', content })
    results = content.flatMap(({ type, id }) =>
      type === 'tool_use' ? [{ type: 'tool_result', tool_use_id: id, content: some.words() }] : [],
    )
  }
  return {
    model: 'm',
    max_tokens: 1 + some.upTo(1_000),
    ...some.maybe(() => ({ system: [{ type: 'text', text: some.words() }] })),
    messages,
    ...some.maybe(() => some.one<WireObject>([{ temperature: 0.5 }, { top_p: 0.9 }])),
    ...some.maybe(() => ({ stop_sequences: some.many(1, 3, some.words) })),
    ...some.maybe(() => ({ stream: some.one([true, false]) })),
    ...(tools && { tools: tools.map((name) => anthropicTool(some, name)) }),
    ...(tools && some.maybe(() => ({ tool_choice: anthropicChoice(some) }))),
    ...some.maybe(() => ({
      output_config: some.one<WireObject>([
        { effort: some.one(['low', 'medium', 'high', 'xhigh', 'max']) },
        { format: { type: 'json_schema', schema: { type: 'object', title: some.words() } } },
      ]),
    })),
    ...some.maybe(() => ({ metadata: { user_id: 'user-1' } })),
  }
}

const anthropicTool = (some: Dice, name: string): WireObject => ({
  name,
  ...some.maybe(() => ({ description: some.words() })),
  input_schema: { type: 'object', properties: { city: { type: 'string', description: some.words() } } },
  ...some.maybe(() => ({ strict: true })),
})

const anthropicChoice = ({ one, maybe }: Dice): WireObject => {
  const choice = one<WireObject>([
    { type: 'auto' },
    { type: 'any' },
    { type: 'tool', name: 'weather' },
    { type: 'none' },
  ])
  return { ...choice, ...(choice['type'] !== 'none' && maybe(() => ({ disable_parallel_tool_use: true }))) }
}

const part = ({ one, words }: Dice): WireObject =>
  one<() => WireObject>([
    () => ({ type: 'text', text: words() }),
    () => ({ type: 'image_url', image_url: { url: `http://x.example/${words().length}` } }),
    () => ({ type: 'image_url', image_url: { url: `data:image/webp;base64,${picture}` } }),
    () => ({
      type: 'file',
      file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${picture}` },
    }),
  ])()

function openai(some: Dice): WireObject {
  const tools = some.maybe(() => ['weather', 'search'])
  const messages: WireObject[] = [...(some.chance() < 0.5 ? [{ role: 'system', content: some.words() }] : [])]
  for (let turn = 0, turns = some.upTo(4); turn <= turns; turn++) {
    const afterTools = messages.at(-1)?.['role'] === 'tool'
    const parts = [
      ...some.many(1, 2, () => part(some)),
      { type: 'image_url', image_url: { url: 'https://x.example/' } },
    ]
    if (!afterTools || some.chance() < 0.5)
      messages.push({ role: 'user', content: some.chance() < 0.5 ? some.words() : parts })
    if (turn === turns) break
    const calls = tools
      ? some.many(0, 2, (nth) => ({
          id: `c${turn}-${nth}`,
          type: 'function',
          function: { name: 'weather', arguments: JSON.stringify(some.input()) },
        }))
      : []
    const silent = calls.length > 0 && some.chance() < 0.5
    messages.push({
      role: 'assistant',
      content: silent ? null : some.words(),
      ...(calls.length > 0 && { tool_calls: calls }),
    })
    for (const { id } of calls) messages.push({ role: 'tool', tool_call_id: id, content: some.words() })
  }
  const stream = some.maybe(() => some.one([true, false]))
  return {
    model: 'm',
    messages,
    max_tokens: 1 + some.upTo(1_000),
    ...some.maybe(() => some.one<WireObject>([{ temperature: 0.5 }, { top_p: 0.9 }])),
    ...some.maybe(() => ({ stop: some.many(1, 3, some.words) })),
    ...(stream !== undefined && { stream }),
    ...(stream && { stream_options: { include_usage: true } }),
    ...(tools && { tools: tools.map((name) => openaiTool(some, name)) }),
    ...(tools && openaiChoice(some)),
    ...some.maybe(() => ({ reasoning_effort: some.one(['low', 'medium', 'high']) })),
    ...some.maybe(() => ({
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'answer', schema: { type: 'object', title: some.words() }, strict: true },
      },
    })),
    ...some.maybe(() => ({ user: 'user-1' })),
  }
}

const openaiTool = (some: Dice, name: string): WireObject => ({
  type: 'function',
  function: {
    name,
    ...some.maybe(() => ({ description: some.words() })),
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
    ...some.maybe(() => ({ strict: true })),
  },
})

const openaiChoice = ({ one, maybe }: Dice): WireObject => {
  const tool_choice = one<unknown>([
    'auto',
    'none',
    'required',
    { type: 'function', function: { name: 'weather' } },
  ])
  return { tool_choice, ...(tool_choice !== 'none' && maybe(() => ({ parallel_tool_calls: false }))) }
}

function answer(some: Dice): WireObject {
  const content = spoken(some, 'toolu', true)
  const uses = content.some(({ type }) => type === 'tool_use')
  const cached = some.upTo(50)
  return {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'm',
    content: content.map((each) => (each['type'] === 'text' ? { ...each, citations: null } : each)),
    stop_reason: uses ? 'tool_use' : some.one(['end_turn', 'max_tokens', 'refusal']),
    stop_sequence: null,
    usage: {
      input_tokens: some.upTo(100),
      cache_creation_input_tokens: some.upTo(5),
      cache_read_input_tokens: cached,
      output_tokens: some.upTo(100),
      ...some.maybe(() => ({ output_tokens_details: { thinking_tokens: some.upTo(9) } })),
    },
  }
}
