// For everyone: keep services alive.

export type { Changes } from './changes.ts'
export type { ServiceLine } from './child.ts'
export { commandWords } from './command-words.ts'
// For the parts round it: configuration, and the way to talk to a governor in another process.
export type { Asking } from './control/asking.ts'
export { type ControlClient, type ControlClientOptions, connectControl } from './control/control-client.ts'
export { ControlError } from './control/control-message.ts'
export { controlPath } from './control/control-path.ts'
export {
  type ControlCall,
  type ControlOptions,
  type ControlPeer,
  type ControlSocket,
  serveControl,
} from './control/control-socket.ts'
export { type Crewed, type CrewFlaw, crewFlaw } from './crew/check-crew.ts'
export type { Governor, GovernorOptions } from './governor.ts'
export { GovernorError, type GovernorErrorCode } from './governor-error.ts'
export type { Death, ExitCause, GovernorEvent, RestartReason } from './governor-event.ts'
export { type Address, addressFree, type HeldListener, holdListener } from './held-listener.ts'
export { leanProcess } from './lean-process.ts'
export type { RestartCause, ServiceState } from './life/life.ts'
export { type Needing, needCycle, startOrder } from './life/order.ts'
export { type Schedule, scheduleFlaw } from './life/schedule.ts'
export type { StartResult } from './life/start-result.ts'
export type { KeptLine } from './logs/kept-line.ts'
export { logFiles } from './logs/log-files.ts'
export { type LogReader, type LogReaderOptions, logReader } from './logs/log-reader.ts'
export type { LogKeep } from './logs/rotating-file.ts'
export { type ServiceLogs, type ServiceLogsOptions, serviceLogs } from './logs/service-logs.ts'
export type { Probe } from './probe/probe.ts'
export { type ClaimedState, claimState } from './process/claimed-state.ts'
export type { Run } from './process/pid-file.ts'
export type { RuntimeEnvironment } from './process/runtime-environment.ts'
export { demandSupported } from './process/supported-platform.ts'
export type { OnGovernorDeath, Unit } from './process/unit.ts'
export { type ProcessGovernorOptions, processGovernor } from './process-governor.ts'
export type { Usage, UsageReader } from './process-usage.ts'
export { type Autoscale, type AutoscaleFlaw, autoscaleFlaw } from './scaling/autoscale.ts'
export type { Load, LoadReader, ReplicaAsked } from './scaling/load.ts'
export type {
  Backoff,
  GiveUp,
  Group,
  Liveness,
  RestartPolicy,
  ServiceSpec,
  Strategy,
} from './service.ts'
export type { ServiceHealth } from './service-health.ts'
export type { ServiceMetrics } from './service-metrics.ts'
export type { ProcessStatus, ReplicaStatus, ServiceStatus } from './service-status.ts'
export type { HandlerContext, HandlerRun } from './thread/handler.ts'
export type { ThreadSpec } from './thread/thread-spec.ts'
export { type ThreadGovernorOptions, threadGovernor } from './thread-governor.ts'
