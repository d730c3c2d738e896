export { type Distribution, exposition, type Family, type Sample } from './exposition.ts'
