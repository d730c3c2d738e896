import type { Prefill } from '../stream/prefill.ts'
import type { ModelCall } from './language-model.ts'

/**
 * The call, asking to go on with `text`, in the form that the model's provider wants. `undefined` where there is nothing to go on with, or where the
 * caller gave a beginning of its own, or wants something besides plain text.
 */
export function prefilledCall(
  call: ModelCall,
  text: string,
  { form, provider }: { readonly form: Prefill; readonly provider: string },
): ModelCall | undefined {
  const content = text.trimEnd()
  const { prompt, responseFormat } = call
  if (content === '' || prompt.at(-1)?.role === 'assistant' || responseFormat?.type === 'json')
    return undefined
  const beginning: ModelCall['prompt'][number] = {
    role: 'assistant',
    content: [{ type: 'text', text: content }],
    ...(form === 'prefix' && { providerOptions: { openaiCompatible: { prefix: true } } }),
  }
  const told = { ...call, prompt: [...prompt, beginning] }
  if (form !== 'vllm') return told
  const [name = provider] = provider.split('.')
  const goingOn = { continue_final_message: true, add_generation_prompt: false }
  const { providerOptions } = call
  return {
    ...told,
    providerOptions: { ...providerOptions, [name]: { ...providerOptions?.[name], ...goingOn } },
  }
}
