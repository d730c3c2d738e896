/** What the governor and the edge agree on. */

/** The name of the edge among the services. */
export const edgeName = 'edge'

/** The environment variable that tells a process under Holdfast where its governor listens. */
export const controlVariable = 'HOLDFAST_CONTROL'

/** The environment variable that tells the edge where state is kept. */
export const stateVariable = 'HOLDFAST_STATE'

/** What the governor tells the edge while it runs. */
export type EdgeEvent =
  | { readonly type: 'log-level.changed' }
  | { readonly type: 'services.changed'; readonly services: readonly string[] }

/** The line by which the edge says that it answers. */
export const edgeReady = 'the gateway answers'

/** The environment variable that tells the edge how many configurations it was given before, so that another one is another edge. */
export const configurationVariable = 'HOLDFAST_CONFIGURATION'

/** The environment variable that tells a process under Holdfast which service it belongs to. */
export const serviceVariable = 'HOLDFAST_SERVICE'
