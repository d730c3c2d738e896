// What is said on every wire of this benchmark: one question (1.1 kB), and its answer as JSON (0.65 kB) or as a stream of 20 chunks.

/** The two forms of an answer. */
export const kinds = ['json', 'sse'] as const

/** One of `kinds`. */
export type Kind = (typeof kinds)[number]

const sentence =
  'Every sentence of this answer is checked when it arrives, so that no proxy can be fast by being wrong.'
const words = `${sentence} ${sentence} ${sentence} ${sentence}`.split(' ').slice(0, 76)
const text = words.join(' ')
const usage = { prompt_tokens: 180, completion_tokens: words.length, total_tokens: 180 + words.length }
const head = { id: 'chatcmpl-0123456789abcdef', created: 1_760_000_000, model: 'fake' }

const messages = [
  { role: 'system', content: `You answer briefly. ${'Think before you speak. '.repeat(32).trim()}` },
  { role: 'user', content: 'What does a gateway cost each request? '.repeat(4).trim() },
]

/** The bodies of the request. */
export const requests: Record<Kind, string> = {
  json: JSON.stringify({ model: 'default', messages, temperature: 0.2 }),
  sse: JSON.stringify({ model: 'default', messages, temperature: 0.2, stream: true }),
}

/** Whether a request arrived with all that was said in it. */
export const isWhole = (request: string): boolean => request.includes(JSON.stringify(messages).slice(1, -1))

/** The kind of answer that a request asks for. */
export const kindOf = (request: string): Kind => (/"stream":\s*true/.test(request) ? 'sse' : 'json')

/** The answer in one piece. */
export const whole = JSON.stringify({
  ...head,
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
  usage,
})

/** The answer as a stream: twenty chunks, the last of which also ends it. */
export const chunks: readonly string[] = Array.from({ length: 20 }, (_, index) => {
  const said = words.slice(index * 4, index * 4 + 4).join(' ')
  const delta = index === 19 ? {} : { content: index === 0 ? said : ` ${said}` }
  const choices = [{ index: 0, delta, finish_reason: index === 19 ? 'stop' : null }]
  const data = `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices })}\n\n`
  return index === 19 ? `${data}data: [DONE]\n\n` : data
})

type Wire = {
  choices: { message?: { content: string }; delta?: { content?: string }; finish_reason: string | null }[]
}

/** Whether an answer says all that the upstream said, and says that it is complete; a proxy may word the wire as it likes. */
export function isRight(kind: Kind, body: string): boolean {
  try {
    if (kind === 'json') {
      const { choices } = JSON.parse(body) as Wire
      return choices[0]?.message?.content === text && choices[0].finish_reason === 'stop'
    }
    const events = body.split('\n\n').filter((event) => event.startsWith('data: '))
    if (events.pop() !== 'data: [DONE]') return false
    const told = events.flatMap((event) => (JSON.parse(event.slice(6)) as Wire).choices)
    return (
      told.map(({ delta }) => delta?.content ?? '').join('') === text && told.at(-1)?.finish_reason === 'stop'
    )
  } catch {
    return false
  }
}
