export { sampleBreaker, sampleChain, sampleLink, sampleService, sampleStatus } from './sample-status.ts'
