/** By what the nth process of a service is known: the first one by the name of the service. */
export const seatId = (service: string, nth: number): string => (nth === 1 ? service : `${service}#${nth}`)

/** The service that a process is of. */
export const serviceOf = (id: string): string => id.replace(numbered, '')

/** Whether a name could be taken for that of another service's process. */
export const isSeatName = (name: string): boolean => numbered.test(name)

const numbered = /#\d+$/

/** The first that is free. */
export const freeSeat = (service: string, taken: (id: string) => boolean): string => {
  for (let nth = 1; ; nth++) {
    const id = seatId(service, nth)
    if (!taken(id)) return id
  }
}
