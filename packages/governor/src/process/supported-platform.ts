import { GovernorError } from '../governor-error.ts'

/** Throws `UNSUPPORTED_PLATFORM` where there are no process groups, without which a stopped service would leave processes behind. */
export const demandSupported = (platform: NodeJS.Platform = process.platform): void => {
  if (platform !== 'win32') return
  throw new GovernorError(
    'UNSUPPORTED_PLATFORM',
    'Holdfast does not keep processes on Windows, which has no process groups: what a service started could not be ended with it',
    'run it in WSL, or in a container',
  )
}
