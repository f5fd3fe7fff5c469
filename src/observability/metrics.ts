import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/*
 * What the service tells Prometheus. Names and labels are public: dashboards and alerts of operators hang on them.
 */

/** Answers to a carrier: 20 ms is the aim, Twilio gives up after 15 s. */
const ANSWER_SECONDS = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15]
/** Clones take seconds; callers wait for 35 of them. */
const CLONE_SECONDS = [0.5, 1, 2, 3, 5, 8, 12, 18, 25, 35, 50, 75]
/** A telephone frame lasts 20 ms: what the relay adds should be far below. */
const FRAME_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1]
/** Above 200 ms a caller notices that the agent talks on. */
const BARGE_IN_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5]
/** A frame lasts 20 ms; what stands still for seconds is a fault. */
const STALL_SECONDS = [0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export type Metrics = ReturnType<typeof createMetrics>

/** A registry of its own with every metric of the service and those of Node. */
export function createMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })

  const counter = <L extends string = never>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter<L>({ name, help, labelNames, registers: [registry] })
  const gauge = <L extends string = never>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge<L>({ name, help, labelNames, registers: [registry] })
  const histogram = <L extends string = never>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: readonly L[] = [],
  ) => new Histogram<L>({ name, help, labelNames, buckets, registers: [registry] })

  return {
    registry,
    calls: counter('precall_calls_total', 'Calls that ended, by outcome.', [
      'provider',
      'direction',
      'outcome',
    ]),
    callsActive: gauge('precall_calls_active', 'Calls that are live, by state.', ['provider', 'state']),
    webhookSeconds: histogram(
      'precall_webhook_seconds',
      'From the arrival of a webhook to its answer.',
      ANSWER_SECONDS,
      ['route'],
    ),
    greetingSeconds: histogram(
      'precall_greeting_seconds',
      'From the arrival of a call to the answer that lets the caller hear the greeting.',
      ANSWER_SECONDS,
    ),
    cloneSeconds: histogram('precall_clone_seconds', 'How long the clone of a voice took.', CLONE_SECONDS, [
      'result',
    ]),
    voiceCache: counter('precall_voice_cache_total', 'Look-ups of a cloned voice.', ['result']),
    voiceWithheld: counter(
      'precall_voice_withheld_total',
      'Callers who were not given the voice on file: nobody vouches enough for their number, or their agent’s backend cannot speak it.',
      ['reason'],
    ),
    relayFrames: counter('precall_relay_frames_total', 'Audio frames passed on.', ['direction']),
    relayDroppedFrames: counter(
      'precall_relay_dropped_frames_total',
      'Audio frames given up because the other side was too slow or not there.',
      ['direction'],
    ),
    relayDelaySeconds: histogram(
      'precall_relay_delay_seconds',
      'From the arrival of an audio frame to its hand-over to the other socket.',
      FRAME_SECONDS,
    ),
    trunkCalls: gauge(
      'precall_trunk_calls_active',
      'Calls of each trunk that is set up at run time, over all nodes.',
      ['trunk'],
    ),
    trunkRegistered: gauge(
      'precall_trunk_registered',
      'Whether a trunk that is to be registered at its provider is (1), or not (0).',
      ['trunk'],
    ),
    trunkServerUp: gauge(
      'precall_trunk_server_up',
      "Whether a trunk's server answers OPTIONS (1), or not (0).",
      ['trunk'],
    ),
    sipUp: gauge(
      'precall_sip_up',
      'Whether a SIP server is there and lets this process in (1), or not (0); drachtio, and each FreeSWITCH.',
      ['server', 'address'],
    ),
    loopStallSeconds: histogram(
      'precall_loop_stall_seconds',
      'For how long the event loop stood still beyond two telephone frames; nobody was heard meanwhile.',
      STALL_SECONDS,
    ),
    clockOffset: gauge(
      'precall_clock_offset_seconds',
      "How far this machine's clock is ahead of the database's, by which calls are timed.",
    ),
    mediaSessions: gauge('precall_media_sessions', 'Media sessions that are open on this node.'),
    bargeInSeconds: histogram(
      'precall_barge_in_seconds',
      "From the agent's word of an interruption to the clear at the carrier.",
      BARGE_IN_SECONDS,
    ),
    agentReconnects: counter('precall_agent_reconnects_total', 'Voice agents reached again during a call.'),
    agentRefusals: counter(
      'precall_agent_refusals_total',
      'What calls asked of a voice agent and its vendor refused (not_allowed) or no longer has (gone); they go on without it.',
      ['override', 'reason'],
    ),
    actorEvents: counter('precall_actor_events_total', 'Events that calls took, by type.', ['type']),
    httpRejections: counter(
      'precall_http_rejections_total',
      'Requests refused as malformed, unauthentic, too large or too many.',
      ['reason'],
    ),
  }
}
