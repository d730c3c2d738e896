export { sampleControl } from './sample-control.ts'
export {
  sampleBreaker,
  sampleChain,
  sampleLink,
  sampleService,
  sampleStatus,
  sampleView,
} from './sample-status.ts'
export { sampleSpan, sampleTrace } from './sample-trace.ts'
