import { describe, expect, it } from 'vitest'
import type { Family } from '../exposition.ts'
import { type ModelMetrics, modelMetrics } from './model-metrics.ts'

/** The samples of a family; of a distribution its buckets, sum and count. */
const told = (metrics: ModelMetrics, name: string) => {
  const family = metrics.families().find((each) => each.name === name) as Family
  return family.samples.map((sample) =>
    'value' in sample
      ? [sample.labels, sample.value]
      : [sample.labels, [...sample.buckets], sample.sum, sample.count],
  )
}

describe('modelMetrics', () => {
  it('has the eight metrics of the model bridge, empty at first', () => {
    const families = modelMetrics().families()

    expect(families.map(({ name, type }) => [name, type])).toEqual([
      ['lms_model_load_attempts_total', 'counter'],
      ['lms_model_load_duration_seconds', 'histogram'],
      ['lms_model_verification_attempts_total', 'counter'],
      ['lms_model_verification_duration_seconds', 'histogram'],
      ['lms_active_models', 'gauge'],
      ['lms_circuit_breaker_state', 'gauge'],
      ['lms_autonomous_task_duration_seconds', 'histogram'],
      ['lms_autonomous_task_rounds', 'histogram'],
      ['holdfast_model_observations_dropped_total', 'counter'],
    ])
    expect(families.slice(0, 8).flatMap(({ samples }): unknown => samples)).toEqual([
      { labels: {}, value: 0 },
    ])
  })

  it('counts loads by result, and keeps how long those took that succeeded', () => {
    const metrics = modelMetrics()
    metrics.modelLoad('qwen', true, 2_500)
    metrics.modelLoad('qwen', true, 2_501)
    metrics.modelLoad('qwen', true, 61_000)
    metrics.modelLoad('qwen', false, 100)

    expect(told(metrics, 'lms_model_load_attempts_total')).toEqual([
      [{ model_name: 'qwen', result: 'success' }, 3],
      [{ model_name: 'qwen', result: 'failure' }, 1],
    ])
    expect(told(metrics, 'lms_model_load_duration_seconds')).toEqual([
      [{ model_name: 'qwen' }, [0, 0, 0, 1, 2, 2, 2, 2], 66.001, 3],
    ])
  })

  it('counts verifications by result, and keeps how long all took', () => {
    const metrics = modelMetrics()
    metrics.modelVerification('qwen', true, 10)
    metrics.modelVerification('qwen', false, 6_000)

    expect(told(metrics, 'lms_model_verification_attempts_total').map(([, value]) => value)).toEqual([1, 1])
    expect(told(metrics, 'lms_model_verification_duration_seconds')).toEqual([
      [{ model_name: 'qwen' }, [1, 1, 1, 1, 1, 1, 1], 6.01, 2],
    ])
  })

  it('keeps how long tasks took by result, and their rounds', () => {
    const metrics = modelMetrics()
    metrics.autonomousTask(true, 1_000, 5, { mcp: 'files' })
    metrics.autonomousTask(false, 4_000, 1_001, { mcp: 'files' })
    metrics.autonomousTask(true, 500, 1)

    expect(told(metrics, 'lms_autonomous_task_duration_seconds')).toEqual([
      [{ mcp_name: 'files', result: 'success' }, [1, 1, 1, 1, 1, 1, 1], 1, 1],
      [{ mcp_name: 'files', result: 'failure' }, [0, 1, 1, 1, 1, 1, 1], 4, 1],
      [{ mcp_name: '', result: 'success' }, [1, 1, 1, 1, 1, 1, 1], 0.5, 1],
      [{ mcp_name: '', result: 'failure' }, [0, 0, 0, 0, 0, 0, 0], 0, 0],
    ])
    expect(told(metrics, 'lms_autonomous_task_rounds')).toEqual([
      [{ mcp_name: 'files' }, [0, 1, 1, 1, 1, 1, 1, 1], 1_006, 2],
      [{ mcp_name: '' }, [1, 1, 1, 1, 1, 1, 1, 1], 1, 1],
    ])
  })

  it.each([
    ['closed', 0],
    ['disabled', 0],
    ['observed', 0],
    ['open', 1],
    ['isolated', 1],
    ['half-open', 2],
  ] as const)('tells a breaker that is %s as %d', (state, level) => {
    const metrics = modelMetrics()
    metrics.breakerState('model_load', 'open')
    metrics.breakerState('model_load', state)

    expect(told(metrics, 'lms_circuit_breaker_state')).toEqual([[{ operation: 'model_load' }, level]])
  })

  it('knows how many models are loaded now', () => {
    const metrics = modelMetrics()
    metrics.activeModels(3)
    metrics.activeModels(2)

    expect(told(metrics, 'lms_active_models')).toEqual([[{}, 2]])
  })

  it('keeps so many names and no more, and counts what it did not keep (I1)', () => {
    const metrics = modelMetrics({ most: 2 })
    for (const name of ['a', 'b', 'c', 'a', 'd']) {
      metrics.modelLoad(name, true, 1)
      metrics.modelLoad(name, false, 1)
      metrics.modelVerification(name, false, 1)
      metrics.breakerState(name, 'open')
      metrics.autonomousTask(true, 1, 1, { mcp: name })
    }

    expect(told(metrics, 'lms_model_load_attempts_total').map(([, value]) => value)).toEqual([2, 2, 1, 1])
    expect(told(metrics, 'lms_circuit_breaker_state')).toHaveLength(2)
    expect(told(metrics, 'holdfast_model_observations_dropped_total')).toEqual([
      [{ of: 'loads' }, 4],
      [{ of: 'verifications' }, 2],
      [{ of: 'breakers' }, 2],
      [{ of: 'tasks' }, 2],
    ])
  })
})
