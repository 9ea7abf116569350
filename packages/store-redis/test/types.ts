import { Redis as Ioredis, Cluster as IoredisCluster } from 'ioredis'
import { Redis as Ioredis5, Cluster as Ioredis5Cluster } from 'ioredis5'
import { Redis as Iovalkey, Cluster as IovalkeyCluster } from 'iovalkey'
import { createClient, createClientPool, createCluster } from 'redis'
import { createClient as createClient4 } from 'redis4'
import {
  createClient as createClient5,
  createClientPool as createClientPool5,
  createCluster as createCluster5,
} from 'redis5'
import { ioredis, nodeRedis } from '../src/index.js'

// Never run: what must compile, and what must not.

ioredis(new Ioredis())
ioredis(new IoredisCluster([]))
ioredis(new Ioredis5())
ioredis(new Ioredis5Cluster([]))
ioredis(new Iovalkey())
ioredis(new IovalkeyCluster([]))
nodeRedis(createClient())
nodeRedis(createClient({ RESP: 3 }))
nodeRedis(createCluster({ rootNodes: [] }))
nodeRedis(createClient5())
nodeRedis(createClient5({ RESP: 3 }))
nodeRedis(createCluster5({ rootNodes: [] }))

// @ts-expect-error: it cannot subscribe
nodeRedis(createClientPool())
// @ts-expect-error: it cannot subscribe
nodeRedis(createClientPool5())
// @ts-expect-error: it is too old
nodeRedis(createClient4())
// @ts-expect-error: the other function
nodeRedis(new Ioredis5())
// @ts-expect-error: the other function
ioredis(createClient5())
