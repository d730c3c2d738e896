import { ChatAnthropic } from '@langchain/anthropic'
import type { BaseChatModel } from '@langchain/core/language_models/chat_models'
import { type AIMessage, type AIMessageChunk, HumanMessage, ToolMessage } from '@langchain/core/messages'
import { ChatOpenAI } from '@langchain/openai'
import { type Client, clientContract, question, weather } from './harness/client-contract.ts'

// LangChain would trace to its makers' service if the surroundings say so.
process.env['LANGSMITH_TRACING'] = 'false'

const { name, description, schema } = weather
const tools = [{ type: 'function' as const, function: { name, description, parameters: schema } }]
const asked = [new HumanMessage(question)]

function client(modelOf: (name: string) => BaseChatModel): Client {
  const model = modelOf('default')
  const withTools = model.bindTools!(tools)
  const callsOf = ({ tool_calls: calls = [] }: AIMessage | AIMessageChunk) =>
    calls.map((call) => ({ name: call.name, input: call.args }))
  return {
    async whole(chain) {
      return (await modelOf(chain).invoke(asked)).text
    },
    async streamed(chain, heard) {
      let all = ''
      for await (const { text } of await modelOf(chain).stream(asked)) {
        if (text) heard?.(text)
        all += text
      }
      return all
    },
    async calls(streams) {
      if (!streams) return callsOf(await withTools.invoke(asked))
      let all: AIMessageChunk | undefined
      for await (const chunk of await withTools.stream(asked)) all = all ? all.concat(chunk) : chunk
      return callsOf(all!)
    },
    async afterCall() {
      const message = await withTools.invoke(asked)
      const results = (message.tool_calls ?? []).map(
        ({ id = '' }) => new ToolMessage({ tool_call_id: id, content: weather.result }),
      )
      return (await withTools.invoke([...asked, message, ...results])).text
    },
    statusOf: (error) => (error as { status?: number }).status,
  }
}

const settings = { apiKey: 'unused', maxRetries: 0 }

clientContract('ChatOpenAI of LangChain', (url) =>
  client((model) => new ChatOpenAI({ ...settings, model, configuration: { baseURL: `${url}/v1` } })),
)

clientContract('ChatAnthropic of LangChain', (url) =>
  client((model) => new ChatAnthropic({ ...settings, model, anthropicApiUrl: url })),
)
