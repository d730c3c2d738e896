import Anthropic from '@anthropic-ai/sdk'
import { type Client, clientContract, question, weather } from './harness/client-contract.ts'

const messages: Anthropic.MessageParam[] = [{ role: 'user', content: question }]
const { name, description, schema } = weather
const tools: Anthropic.Tool[] = [
  { name, description, input_schema: { ...schema, required: [...schema.required] } },
]

function connect(url: string): Client {
  const anthropic = new Anthropic({ baseURL: url, apiKey: 'unused', maxRetries: 0 })
  const asked = { model: 'default', max_tokens: 100, messages }
  const textOf = ({ content }: Anthropic.Message): string =>
    content.map((block) => (block.type === 'text' ? block.text : '')).join('')
  const callsOf = ({ content }: Anthropic.Message) => content.filter((block) => block.type === 'tool_use')
  return {
    async whole(model) {
      return textOf(await anthropic.messages.create({ ...asked, model }))
    },
    async streamed(model, heard) {
      const stream = anthropic.messages.stream({ ...asked, model })
      if (heard) stream.on('text', heard)
      return textOf(await stream.finalMessage())
    },
    async calls(streams) {
      const message = streams
        ? await anthropic.messages.stream({ ...asked, tools }).finalMessage()
        : await anthropic.messages.create({ ...asked, tools })
      return callsOf(message).map(({ name: tool, input }) => ({ name: tool, input }))
    },
    async afterCall() {
      const message = await anthropic.messages.create({ ...asked, tools })
      const results = callsOf(message).map(({ id }) => ({
        type: 'tool_result' as const,
        tool_use_id: id,
        content: weather.result,
      }))
      const { role, content } = message
      const next = [...messages, { role, content }, { role: 'user' as const, content: results }]
      return textOf(await anthropic.messages.create({ ...asked, tools, messages: next }))
    },
    statusOf: (error) => (error instanceof Anthropic.APIError ? error.status : undefined),
  }
}

clientContract('the @anthropic-ai/sdk package', connect)
