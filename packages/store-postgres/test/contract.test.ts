import { contractOnPools } from './contract-on.js'

contractOnPools('pg')
