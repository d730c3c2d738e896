// Two models of the AI SDK as one: the first dies in the middle of the sentence, and the second goes on with it.
// Asked for in vercel/ai#2636. The same rules as the gateway's, without a process of its own.
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { chain, resilient } from '@holdfast/gateway/ai-sdk'
import { fakeProvider } from '@holdfast/gateway/testing'
import { streamText } from 'ai'

const [claude, deepseek] = [await fakeProvider('claude'), await fakeProvider('deepseek')]
claude.always({ does: 'cut', after: 4 })

const model = chain([
  resilient(createOpenAICompatible({ name: 'claude', baseURL: claude.url })('sonnet'), {
    retry: { attempts: 1 },
  }),
  createOpenAICompatible({ name: 'deepseek', baseURL: deepseek.url })('chat'),
])
const answer = streamText({ model, prompt: 'What does the fox do?' })
for await (const text of answer.textStream) process.stdout.write(text)
process.stdout.write('\n')
console.log((await answer.finalStep).providerMetadata?.['holdfast'])
for (const provider of [claude, deepseek]) await provider.close()

/* Output:
The quick brown fox jumps over the lazy dog, again and again.
{
  link: 'deepseek.chat/chat',
  attempts: 2,
  failed: [ 'claude.chat/sonnet=broken' ]
}
*/
