import type { UpstreamConfig } from '../config/upstream.ts'

/** Takes the key and the passwords that an upstream has in its file out of a text: who is sent them may repeat them in an error, without a word that gives them away. */
export function withoutSecretsOf(upstream: UpstreamConfig): (text: string) => string {
  const secrets = knownSecrets(upstream)
    .filter((secret) => secret.length >= shortest)
    .sort((a, b) => b.length - a.length)
  return (text) => secrets.reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), text)
}

/** What is shorter stands in every other text. */
const shortest = 4

function knownSecrets(upstream: UpstreamConfig): string[] {
  if (upstream.is === 'http') return upstream.key === undefined ? [] : [upstream.key]
  if (upstream.is !== 'postgres') return []
  const { url, replica } = upstream
  return [url, replica].flatMap((address) => {
    if (address === undefined) return []
    const { password } = new URL(address)
    return [password, decoded(password)]
  })
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
