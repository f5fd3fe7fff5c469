/** An agent as `GET /api/v1/agents` lists it. */
export type Agent = {
  id: string
  name: string
  backend: 'elevenlabs' | 'openai'
  vendorAgentId: string | null
  voiceId: string | null
  instructions: string | null
  firstMessage: string | null
  language: string | null
  tools: object[]
  transferNumber: string | null
  numbers: string[]
  /** Why calls to it will not go as one may expect. */
  warnings: string[]
}
