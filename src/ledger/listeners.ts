import type { Notification } from './port.ts'

/** The notifications of one transaction, without duplicates. */
export class Notifications {
  readonly #byKey = new Map<string, Notification>()

  add(notification: Notification): void {
    this.#byKey.set(
      notification.kind === 'job' ? notification.jobId : notification.kind,
      notification,
    )
  }

  get all(): readonly Notification[] {
    return [...this.#byKey.values()]
  }
}

/** The listeners that are called after each commit, with its notifications. */
export class Listeners {
  readonly #listeners = new Set<(notification: Notification) => void>()

  /** @returns a function that removes the listener */
  add(listener: (notification: Notification) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  notify(notifications: readonly Notification[]): void {
    for (const notification of notifications)
      for (const listen of this.#listeners) listen(notification)
  }
}
