export { ask, askStream, type Streamed } from './ask.ts'
export { type AnthropicBehaviour, type FakeAnthropic, fakeAnthropic } from './fake-anthropic.ts'
export {
  type Behaviour,
  type FakeProvider,
  fakeAnswer,
  fakeProvider,
  type Received,
} from './fake-provider.ts'
export { type GatewayServer, gatewayServer, quickPolicy } from './gateway-server.ts'
export { type RawProvider, rawAnswer, rawChunk, rawProvider } from './raw-provider.ts'
