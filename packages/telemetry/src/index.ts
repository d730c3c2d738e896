export {
  type Distribution,
  type Exemplar,
  type Exposition,
  exposition,
  type Family,
  type Sample,
} from './exposition.ts'
export {
  type AutonomousTask,
  type ModelMetrics,
  type ModelMetricsOptions,
  modelMetrics,
} from './metrics/model-metrics.ts'
export {
  type PolicyFamiliesOptions,
  type PolicySource,
  type PolicyStatuses,
  policyFamilies,
  policyFamiliesOf,
} from './metrics/policy-families.ts'
export { type ProcessMetrics, processMetrics } from './metrics/process-metrics.ts'
