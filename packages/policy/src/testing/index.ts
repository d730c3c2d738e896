export { type FakeClock, fakeClock } from './fake-clock.ts'
export { fakeRandom, seededRandom } from './fake-random.ts'
export { policyContract, type Suite } from './policy-contract.ts'
