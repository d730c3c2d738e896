import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import {
  APICallError,
  generateText,
  isStepCount,
  jsonSchema,
  type LanguageModel,
  streamText,
  type ToolSet,
  tool,
} from 'ai'
import { type Client, clientContract, question, weather } from './harness/client-contract.ts'

const { description, result, schema } = weather
const inputSchema = jsonSchema({ ...schema, required: [...schema.required] })
const asked = { prompt: question, maxRetries: 0, maxOutputTokens: 100 }

function client(modelOf: (name: string) => LanguageModel): Client {
  const model = modelOf('default')
  const tools: ToolSet = { weather: tool({ description, inputSchema }) }
  return {
    async whole(name) {
      return (await generateText({ ...asked, model: modelOf(name) })).text
    },
    async streamed(name, heard) {
      const failed: { first?: unknown } = {}
      const onError = ({ error }: { error: unknown }): void => {
        failed.first ??= error
      }
      const answer = streamText({ ...asked, model: modelOf(name), onError })
      try {
        for await (const text of answer.textStream) heard?.(text)
        return await answer.text
      } catch (error) {
        throw failed.first instanceof Error ? failed.first : error
      }
    },
    async calls(streams) {
      const more = { ...asked, model, tools }
      const { toolCalls } = streams ? await streamText(more).finalStep : await generateText(more)
      return toolCalls.map(({ toolName, input }) => ({ name: toolName, input }))
    },
    async afterCall() {
      const run = { weather: tool({ description, inputSchema, execute: async () => result }) }
      const { text } = await generateText({ ...asked, model, tools: run, stopWhen: isStepCount(2) })
      return text
    },
    statusOf: (error) => (APICallError.isInstance(error) ? error.statusCode : undefined),
  }
}

clientContract('the AI SDK with @ai-sdk/openai-compatible', (url) =>
  client(createOpenAICompatible({ name: 'holdfast', baseURL: `${url}/v1` })),
)

clientContract('the AI SDK with @ai-sdk/anthropic', (url) =>
  client(createAnthropic({ baseURL: `${url}/v1`, apiKey: 'unused' })),
)
