export { type Distribution, type Exposition, exposition, type Family, type Sample } from './exposition.ts'
