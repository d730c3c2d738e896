/** Why an answer ended, from Anthropic's words to OpenAI's (https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons). */
export function finishReason(stopReason: string): string {
  switch (stopReason) {
    case 'max_tokens':
    case 'model_context_window_exceeded':
      return 'length'
    case 'tool_use':
      return 'tool_calls'
    case 'refusal':
      return 'content_filter'
    default:
      return 'stop'
  }
}

/** Why an answer ended, from OpenAI's words to Anthropic's; some servers say `stop` after a tool call. */
export function stopReason(
  finished: string,
  has: { readonly tools: boolean; readonly refusal: boolean },
): string {
  if (finished === 'length') return 'max_tokens'
  if (finished === 'content_filter' || has.refusal) return 'refusal'
  return has.tools ? 'tool_use' : 'end_turn'
}
