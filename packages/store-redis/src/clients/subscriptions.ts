/** A connection that is subscribed to channels. */
export interface Subscriber {
  subscribe(channel: string): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  close(): void
}

/** The events of a subscriber. */
export interface SubscriberEvents {
  onMessage(channel: string, message: string): void
  /** The connection was lost, and the channel is subscribed again. */
  onReady(channel: string): void
  /** The channels that somebody listens to. */
  channels(): readonly string[]
}

/** `subscribe` of `RedisClient`, over one connection for all channels: opened by the first, closed with the last. */
export type Subscribe = (
  channel: string,
  onMessage: (message: string) => void,
  onReady: () => void,
) => Promise<() => Promise<void>>

interface Subscription {
  readonly channel: string
  onMessage(message: string): void
  onReady(): void
}

const subscriptionsOf = new WeakMap<object, Subscribe>()

/** The subscriptions on one client of the host, however many stores use it. `open` connects like that client. */
export function sharedSubscriptions(
  client: object,
  open: (events: SubscriberEvents) => Promise<Subscriber>,
): Subscribe {
  const known = subscriptionsOf.get(client)
  if (known !== undefined) return known
  const subscribe = createSubscriptions(open)
  subscriptionsOf.set(client, subscribe)
  return subscribe
}

function createSubscriptions(open: (events: SubscriberEvents) => Promise<Subscriber>): Subscribe {
  const subscriptions = new Set<Subscription>()
  let opening: Promise<Subscriber> | undefined

  const to = (channel: string) => [...subscriptions].filter((one) => one.channel === channel)
  const events: SubscriberEvents = {
    onMessage(channel, message) {
      for (const { onMessage } of to(channel)) onMessage(message)
    },
    onReady(channel) {
      for (const { onReady } of to(channel)) onReady()
    },
    channels: () => [...new Set([...subscriptions].map(({ channel }) => channel))],
  }

  function remove(subscription: Subscription, subscriber: Subscriber | undefined): void {
    if (!subscriptions.delete(subscription)) return
    // Not awaited: while disconnected it would take until the connection is back.
    if (to(subscription.channel).length === 0) subscriber?.unsubscribe(subscription.channel).catch(() => {})
    if (subscriptions.size > 0) return
    opening = undefined
    subscriber?.close()
  }

  return async (channel, onMessage, onReady) => {
    const subscription: Subscription = { channel, onMessage, onReady }
    subscriptions.add(subscription)
    let subscriber: Subscriber | undefined
    try {
      opening ??= open(events)
      subscriber = await opening
      await subscriber.subscribe(channel)
    } catch (error) {
      remove(subscription, subscriber)
      throw error
    }
    return async () => remove(subscription, subscriber)
  }
}
