export { type Answer, type FakeServer, fakeServer, type Received } from './fake-server.ts'
export { freePort } from './free-port.ts'
export { type Peer, type PeerCommand, peerProcess } from './peer-process.ts'
export { postgresPeer, statementOf } from './postgres-peer.ts'
export { type PostgresServer, postgresServer } from './postgres-server.ts'
export {
  type Ask,
  type WireAskOptions,
  type WireClient,
  type WireLimits,
  type WireSuite,
  type WireUnderTest,
  wireContract,
} from './wire-contract.ts'
export { note, type WorkLog, workLog } from './work-log.ts'
