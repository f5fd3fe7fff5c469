import type { CallRecord } from './calls-api.ts'

/** The browser reconnects by itself after a lost connection, but not after a refusal, such as of a node that stops. */
const RETRY_MS = 2_000

export type FollowOptions = {
  /**
   * A browser keeps six connections to one host, for all its windows together: a page that only shows the call gives its
   * own back while nobody can see it.
   */
  restsWhileHidden?: boolean
}

/** Calls back with every event of the call, past and to come, each once and in order, until the returned function is called. */
export function followEvents(
  callId: string,
  onRecord: (record: CallRecord) => void,
  { restsWhileHidden = false }: FollowOptions = {},
): () => void {
  let lastSeq = 0
  let source: EventSource | null = null
  let retry: ReturnType<typeof setTimeout> | undefined

  const disconnect = () => {
    clearTimeout(retry)
    source?.close()
    source = null
  }
  const connect = () => {
    disconnect()
    const opened = new EventSource(`/api/v1/calls/${callId}/events?follow=true&after=${lastSeq}`)
    source = opened
    opened.onmessage = ({ data }: MessageEvent<string>) => {
      const record = JSON.parse(data) as CallRecord
      if (record.seq <= lastSeq) return
      lastSeq = record.seq
      onRecord(record)
    }
    opened.onerror = () => {
      if (opened.readyState === EventSource.CLOSED) retry = setTimeout(connect, RETRY_MS)
    }
  }
  const restOrWake = () => {
    if (document.hidden) disconnect()
    else if (source === null) connect()
  }

  connect()
  if (restsWhileHidden) document.addEventListener('visibilitychange', restOrWake)
  return () => {
    document.removeEventListener('visibilitychange', restOrWake)
    disconnect()
  }
}
