import { FakeAgent, type FakeConnection, TELEPHONE } from '../media/fake-agent.ts'
import { type AgentUnderTest, agentContract } from './agent-contract.ts'

/* The agent that the relay's own tests speak with must be one that the relay may meet. */

const capabilities = { interrupt: true, truncate: true, textInput: true }

const spec = { name: 'the scripted agent', capabilities, isOverWire: false }

agentContract(spec, async (): Promise<AgentUnderTest> => {
  const agent = new FakeAgent()
  Object.assign(agent, { capabilities, fault: 'hangs' })
  const latest = () => agent.latest
  const say = (what: (says: FakeConnection['says']) => void) => {
    if (!latest().isOver) what(latest().says)
  }
  return {
    agent,
    admit: async () => latest().begins('conversation-1', { inputFormat: TELEPHONE, outputFormat: TELEPHONE }),
    settled: async () => {},
    speak: (payload) => say((says) => says.audio(Buffer.from(payload))),
    agentSays: (text) => say((says) => says.agentTranscript(text)),
    callerSaid: (text) => say((says) => says.userTranscript(text)),
    correct: (original, spoken) => say((says) => says.agentTranscriptCorrected(original, spoken)),
    interrupt: () => say((says) => says.interrupted()),
    unheard: () => latest().unheard,
    heard: () => latest().heard,
    texts: () => {
      const { request, keyedIn, holds } = latest()
      return [...request.conversationSoFar.map(({ text }) => text), ...keyedIn, ...holds.map(String)]
    },
    end: () => say(() => latest().ends()),
    drop: () => say(() => latest().isLost('dropped')),
    refuse: (words) => Object.assign(agent, { fault: 'refuses', words }),
    stop: async () => {},
  }
})
