import { contractOnPools } from './contract-on.js'

contractOnPools('pg, all transactions serializable', { options: '-c default_transaction_isolation=serializable' })
