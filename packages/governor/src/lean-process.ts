import { setFlagsFromString } from 'node:v8'

/**
 * For a process that does nothing but govern: keeps V8's young generation as small as it begins. It would double under the little garbage of many
 * restarts, up to 48 MB that are never given back, which makes a program that computes faster, and one that waits only larger.
 */
export const leanProcess = (): void => setFlagsFromString('--semi-space-growth-factor=1')
