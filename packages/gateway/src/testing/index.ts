export {
  type Behaviour,
  type FakeProvider,
  fakeAnswer,
  fakeProvider,
  type Received,
} from './fake-provider.ts'
export { type GatewayServer, gatewayServer } from './gateway-server.ts'
