export type { ChainStatus, LinkStatus } from '@holdfast/gateway'
export { type GovernorEvent, leanProcess } from '@holdfast/governor'
export { isHoldfastError } from '@holdfast/policy'
export {
  type ChildRecord,
  type Level as LogLevel,
  levels as logLevels,
  prettyEntry,
} from '@holdfast/telemetry/lines'
export type { AnnouncedProcess, Named, ProcessPolicies } from './announced.ts'
export type { Component, Kind, Level } from './component.ts'
export { ConfigError, type Problem } from './config/problem.ts'
export { duration, isLoopbackText } from './config/units.ts'
export { type KeptRecord, type KeptRecordsOptions, keptRecords } from './kept-records.ts'
export type { LogLevelChange, LogLevels } from './log-levels.ts'
export { type RecordedUsage, recordedUsage } from './recorded-usage.ts'
export type { Reloaded } from './reloading.ts'
export {
  changeLogLevel,
  runningLogLevels,
  runningPolicies,
  runningStatus,
  steer,
} from './running.ts'
export { reloadFile, type ServiceWish, steerService } from './running-services.ts'
export { runningTrace, runningTraces } from './running-traces.ts'
export type { Status } from './status.ts'
export type { TraceSummary, TraceView } from './trace-view.ts'
export { type Up, type UpOptions, up } from './up.ts'
export { version } from './version.ts'
