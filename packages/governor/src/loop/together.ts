import { GovernorError } from '../governor-error.ts'
import { startOrder } from '../life/order.ts'
import type { Service, Strategy } from '../service.ts'

/** Services that can be together; throws `BAD_SERVICE`, `UNKNOWN_NEED` and `NEED_CYCLE` for others. */
export const together = <S extends Service>(services: readonly S[]): readonly S[] => {
  startOrder(services)
  const names = new Set<string>()
  const strategies = new Map<string, Strategy>()
  for (const { name, group } of services) {
    if (names.has(name))
      throw new GovernorError('BAD_SERVICE', `two services are named "${name}"`, 'rename one')
    names.add(name)
    if (!group) continue
    const strategy = strategies.get(group.name) ?? group.strategy
    if (strategy !== group.strategy)
      throw new GovernorError(
        'BAD_SERVICE',
        `the group "${group.name}" is ${strategy}, and ${group.strategy} to the service "${name}"`,
        'give it one strategy',
      )
    strategies.set(group.name, strategy)
  }
  return services
}
