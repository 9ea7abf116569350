import { storeContract } from '@latchkey/testkit'
import { contractOn } from './contract-on.js'
import { LONG } from './support.js'

/** All cases with LATCHKEY_LONG=1; else lists are left to node-redis: of a client they need no more than others do. */
contractOn(
  'ioredis',
  storeContract.filter(({ group }) => LONG || group !== 'list'),
)
