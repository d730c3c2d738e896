export { sampleBreaker, sampleChain, sampleLink, sampleService, sampleStatus } from './sample-status.ts'
export { sampleSpan, sampleTrace } from './sample-trace.ts'
