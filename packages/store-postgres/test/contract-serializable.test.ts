import { contractOn } from './contract-on.js'

contractOn('pg, all transactions serializable', { options: '-c default_transaction_isolation=serializable' })
