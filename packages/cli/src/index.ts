export { ConfigError } from '@holdfast/runtime'
export { type Holdfast, type LoadOptions, load } from '@holdfast/runtime/load'
