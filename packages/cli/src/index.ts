export { ConfigError, type Holdfast, type LoadOptions, load } from '@holdfast/runtime'
