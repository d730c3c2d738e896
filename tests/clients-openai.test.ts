import OpenAI from 'openai'
import { type Client, clientContract, question, weather } from './harness/client-contract.ts'

const messages = [{ role: 'user' as const, content: question }]
const { name, description, schema } = weather
const tools = [{ type: 'function' as const, function: { name, description, parameters: { ...schema } } }]

function connect(url: string): Client {
  const { chat } = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'unused', maxRetries: 0 })
  const asked = { model: 'default', messages, tools }
  const callsOf = (completion: OpenAI.ChatCompletion) =>
    (completion.choices[0]?.message.tool_calls ?? []).flatMap((call) =>
      call.type === 'function'
        ? [{ name: call.function.name, input: JSON.parse(call.function.arguments) as unknown }]
        : [],
    )
  return {
    async whole(model) {
      return (await chat.completions.create({ model, messages })).choices[0]?.message.content ?? ''
    },
    async streamed(model, heard) {
      let all = ''
      for await (const { choices } of await chat.completions.create({ model, messages, stream: true })) {
        const text = choices[0]?.delta.content
        if (text) heard?.(text)
        all += text ?? ''
      }
      return all
    },
    async calls(streams) {
      return callsOf(
        streams
          ? await chat.completions.stream(asked).finalChatCompletion()
          : await chat.completions.create(asked),
      )
    },
    async afterCall() {
      const { message } = (await chat.completions.create(asked)).choices[0]!
      const results = (message.tool_calls ?? []).map(({ id }) => ({
        role: 'tool' as const,
        tool_call_id: id,
        content: weather.result,
      }))
      const next = await chat.completions.create({ ...asked, messages: [...messages, message, ...results] })
      return next.choices[0]?.message.content ?? ''
    },
    statusOf: (error) => (error instanceof OpenAI.APIError ? error.status : undefined),
  }
}

clientContract('the openai package', connect)
