import type { Effect, Life, LifeEvent, Moment, Step } from './life.ts'
import { announce, fresh, halt, same, tried } from './life-moves.ts'

// The moves of a spare: a process that has booted, and waits for the place of a replica that falls.

/** It serves from now on, and may wait as long for its readiness as one that was just started. */
export const letIn = (
  life: Life,
  { replica, past }: LifeEvent & { readonly is: 'let-in' },
  moment: Moment,
): Step => {
  const { cause, ...rest } = past
  const { service, generation, run } = life
  if (life.state.is !== 'spare' || !run || !cause) return same(life)
  const { at } = moment
  const { name, startTimeout: ms } = service
  const heir = tried({ ...life, ...rest, replica }, cause, moment)
  const { attempt } = heir
  return {
    life: { ...heir, run: { ...run, at }, state: { is: 'starting', since: at } },
    effects: [
      { do: 'cancel-probe' },
      { do: 'admit', generation, replica },
      announce({ type: 'service.restarting', service: name, delay: 0, attempt, ...cause }),
      announce({ type: 'service.started', service: name, pid: run.pid }),
      { do: 'wait', generation, timer: 'ready', ms },
      { do: 'probe', generation },
    ],
  }
}

/** What it was goes over to who took its place; as a spare it has no past, and boots without a wait. */
export const stepBack = (life: Life): Step =>
  life.state.is === 'stopping' && life.state.next === 'backing-off'
    ? same({
        ...life,
        ...fresh(life.service),
        replica: undefined,
        ceiling: 0,
        restarts: 0,
        reasons: {},
        cause: { reason: 'exit', why: 'a spare took its place' },
      })
    : same(life)

/** It did not wait to be let in, and would not the next time. */
export const noSpare = (life: Life, moment: Moment): Step => {
  const why =
    'it is ready though nobody let it in: a spare waits for a line with "go" on the descriptor HOLDFAST_SPARE_FD before it begins'
  return halt({ ...life, lastError: why }, 'failed', moment)
}

/** A spare is not the service: of all that is told of a service only how the spare is remains. */
export const hushed = ({ life, effects }: Step): Step => ({
  life,
  effects: effects.flatMap((effect) => (effect.do === 'announce' ? ofSpare(effect) : [effect])),
})

const ofSpare = ({ event }: Effect & { readonly do: 'announce' }): Effect[] => {
  switch (event.type) {
    case 'service.started':
      return [announce({ type: 'spare.started', service: event.service, pid: event.pid })]
    case 'service.failed':
    case 'service.gave-up':
      return [announce({ type: 'spare.failed', service: event.service, why: event.why })]
    default:
      return []
  }
}
