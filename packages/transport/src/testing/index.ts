export { type Answer, type FakeServer, fakeServer, type Received } from './fake-server.ts'
