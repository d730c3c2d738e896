import type { SharedV4ProviderMetadata } from '@ai-sdk/provider'
import type { Journey } from '../journey.ts'

/** What a provider says about its answer, and under `holdfast` who gave it, after how many calls, and who failed before (`link=class`, as in `x-holdfast-failed`). */
export function signed(
  metadata: SharedV4ProviderMetadata | undefined,
  { attempts, failures }: Journey,
  link: string,
): SharedV4ProviderMetadata {
  const failed = failures.map((failure) => `${failure.link}=${failure.class}`)
  return { ...metadata, holdfast: { link, attempts, failed } }
}
