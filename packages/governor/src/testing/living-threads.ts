/** The numbers of all threads of this process that live, as the system sees them and not as their governor does. */
export const livingThreads = (): readonly number[] => {
  // Otherwise it looks up names for what this process is connected to.
  Object.assign(process.report, { excludeNetwork: true })
  const { workers } = process.report.getReport() as {
    readonly workers: readonly { readonly header: { readonly threadId: number } }[]
  }
  return workers.map(({ header }) => header.threadId)
}
