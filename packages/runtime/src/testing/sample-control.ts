import type { ControlApiOptions } from '../control-api.ts'
import { sampleStatus } from './sample-status.ts'

/** What a control API needs of a Holdfast in which all is well and nothing has a name, but for what is said otherwise. */
export function sampleControl(but: Partial<ControlApiOptions> = {}): ControlApiOptions {
  const well = async () => ({ ok: true, reasons: [] })
  return {
    status: async () => sampleStatus(),
    health: { report: async () => ({ status: 'healthy', components: [] }), live: well, ready: well },
    steering: { policies: async () => [], reset: async () => [], isolate: async () => [] },
    metrics: { page: async () => ({ contentType: 'text/plain', text: '' }) },
    ...but,
  }
}
