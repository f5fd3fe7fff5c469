import { ClientError } from './client-error.ts'
import type { ClientItem } from './client-events.ts'

/** One item of a conversation. `audioMs` is how long it sounds, null without sound. */
export type Item = {
  id: string
  status: 'in_progress' | 'completed' | 'incomplete'
  audioMs: number | null
  /** Gone once it was cut: the vendor does not know which words were before the cut. */
  text: string | null
  source: 'client' | 'caller' | 'model'
} & ({ type: 'message'; role: 'system' | 'user' | 'assistant' } | { type: 'function'; fields: ClientItem })

/** The items of a conversation, in order. */
export class ConversationItems {
  readonly #items: Item[] = []

  get all(): readonly Item[] {
    return this.#items
  }

  get(id: string): Item {
    const item = this.#items.find((each) => each.id === id)
    if (item) return item
    throw new ClientError('item_not_found', `Item with item_id not found: ${id}`, 'item_id')
  }

  /** Adds it behind `previousId`, `root` being the beginning; at the end without one. Returns the id of the one before it. */
  add(item: Item, previousId?: string | null): string | null {
    if (this.#items.some(({ id }) => id === item.id))
      throw new ClientError('item_already_exists', `Item with id ${item.id} already exists.`, 'item.id')
    const at =
      previousId == null
        ? this.#items.length
        : previousId === 'root'
          ? 0
          : this.#items.indexOf(this.get(previousId)) + 1
    this.#items.splice(at, 0, item)
    return this.#items[at - 1]?.id ?? null
  }

  remove(id: string): Item {
    const item = this.get(id)
    this.#items.splice(this.#items.indexOf(item), 1)
    return item
  }

  /** Returns how long the item was before. */
  truncate(id: string, audioEndMs: number): { item: Item; beforeMs: number } {
    const item = this.get(id)
    if (item.type !== 'message' || item.role !== 'assistant' || item.audioMs === null)
      throw new ClientError('invalid_value', 'Only model output audio messages can be truncated.', 'item_id')
    const beforeMs = item.audioMs
    if (audioEndMs > beforeMs)
      throw new ClientError(
        'invalid_value',
        `Audio content of ${Math.floor(beforeMs)}ms is already shorter than ${audioEndMs}ms`,
        'audio_end_ms',
      )
    item.audioMs = audioEndMs
    item.text = null
    return { item, beforeMs }
  }
}

/** As the vendor shows an item. */
export function shownItem(item: Item): Record<string, unknown> {
  const { id, status } = item
  if (item.type === 'function') return { ...item.fields, id, object: 'realtime.item', status }
  const { role, text, source } = item
  const content = {
    client: [{ type: role === 'assistant' ? 'output_text' : 'input_text', text }],
    caller: [{ type: 'input_audio', transcript: text }],
    model: [{ type: 'output_audio', transcript: text }],
  }[source]
  return { id, object: 'realtime.item', type: 'message', status, role, content }
}
