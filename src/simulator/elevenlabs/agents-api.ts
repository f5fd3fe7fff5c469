import { Router } from 'express'
import { ZodError } from 'zod'
import { type AgentConfig, isRecord, patchAgent } from './agent-config.ts'
import type { ConversationRecord } from './conversation-record.ts'
import { UnprocessableRequest, VendorError } from './vendor-error.ts'
import type { Workspace } from './workspace.ts'

export function agentsApi(workspace: Workspace): Router {
  const { agents, conversations, counts, faults, signedUrls } = workspace
  const router = Router()

  router.get('/v1/convai/conversation/get-signed-url', async (request, response) => {
    counts.signedUrl++
    if (faults.hangSignedUrl) return
    await faults.signedUrlsReleased()
    if (faults.answerInstead('signedUrl', response)) return
    const agentId = request.query.agent_id
    if (typeof agentId !== 'string') throw new UnprocessableRequest([missingAgentId])
    const withConversationId = request.query.include_conversation_id === 'true'
    const host = request.headers.host ?? ''
    response.json({ signed_url: signedUrls.issue(agentNamed(agentId).agent_id, host, withConversationId) })
  })

  router
    .route('/v1/convai/agents/:agentId')
    .get((request, response) => {
      response.json(agentNamed(request.params.agentId))
    })
    .patch((request, response) => {
      const patched = patchOrRefuse(agentNamed(request.params.agentId), request.body)
      agents.set(patched.agent_id, patched)
      response.json(patched)
    })

  router.get('/v1/convai/conversations/:conversationId', (request, response) => {
    response.json(conversations.body(conversationNamed(request.params.conversationId)))
  })

  router.get('/v1/convai/conversations/:conversationId/audio', (request, response) => {
    const { audio } = conversationNamed(request.params.conversationId)
    if (!audio) throw new VendorError(404, 'missing_conversation_audio', 'There is no audio, or not yet.')
    response.type('audio/mpeg').send(audio)
  })

  function agentNamed(agentId: string): AgentConfig {
    const agent = agents.get(agentId)
    if (agent) return agent
    throw new VendorError(404, 'document_not_found', `Document with id ${agentId} not found.`, 'agent_id')
  }

  function conversationNamed(conversationId: string): ConversationRecord {
    const record = conversations.records.get(conversationId)
    if (record) return record
    throw new VendorError(404, 'document_not_found', `Document with id ${conversationId} not found.`)
  }

  return router
}

const missingAgentId = { loc: ['query', 'agent_id'], msg: 'Field required', type: 'missing' }

function patchOrRefuse(agent: AgentConfig, patch: unknown): AgentConfig {
  try {
    return patchAgent(agent, isRecord(patch) ? patch : {})
  } catch (error) {
    if (error instanceof ZodError) throw UnprocessableRequest.fromZod(error)
    throw error
  }
}
