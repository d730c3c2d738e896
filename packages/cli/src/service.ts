import { type ServiceWish, steerService } from '@holdfast/runtime'
import { progress } from './progress.ts'

interface ServiceFlags {
  readonly file: string
  readonly json?: true
}

/**
 * `holdfast start NAME`, `holdfast stop NAME` and `holdfast restart NAME`: of one service, in the Holdfast that runs; they wait until that is over.
 * Exit code 2 when it is not ready at the first attempt.
 */
export function service(act: ServiceWish['act']) {
  return async (name: string, { file, json }: ServiceFlags): Promise<void> => {
    const { ready, failed } = await steerService(file, { act, name }, json ? undefined : progress(name))
    if (json) console.log(JSON.stringify({ act, service: name, ready, failed }))
    else if (act === 'stop') console.log(`${name} has stopped, and stays so until it is started`)
    else if (failed.length === 0) console.log(`${name} is ready`)
    else for (const each of failed) console.error(`${each.service} is not ready: ${each.why}`)
    if (failed.length > 0) process.exitCode = 2
  }
}
