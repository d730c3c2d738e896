// The front end: takes questions from outside, and hands on what the backend says to them.
import { door, told } from './door.ts'
import { hf } from './service.ts'

const shop = hf.fetch('shop')

door((path) => told(shop(path)))
