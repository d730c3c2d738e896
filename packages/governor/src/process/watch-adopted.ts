import type { Clock } from '@holdfast/policy'
import { lives, type ProcessMark } from './process-mark.ts'

/** How often a process that is nobody's child here is looked at, in ms. */
const every = 50

/** Calls `exited` once a process that another governor started is gone. How it ended only its parent could tell. */
export const watchAdopted = (process: ProcessMark, clock: Clock, exited: () => void): void => {
  const look = () => void clock.after(every, () => (lives(process) ? look() : exited()))
  look()
}
