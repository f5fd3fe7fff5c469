import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SipWorld } from '../support/sip-world.ts'

describe('Somebody calls over SIP', () => {
  let sip: SipWorld
  beforeAll(async () => {
    sip = await SipWorld.begin()
  })
  afterAll(() => sip.end())

  it('is answered, greeted and joined to the agent, and hangs up', async () => {
    const call = sip.call()
    expect(await call.answer()).toBe(200)
    await call.hears('the greeting')
    await call.reaches('bridged.talking')
    const greeted = call.line.voice.heard.length
    await call.hasTurns(1)
    await call.hears('the agent', greeted)
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
    expect((await call.events()).map(({ type }) => type)).toEqual([
      'call.began',
      'leg.instructionsRequested',
      'media.joined',
      'agent.ready',
      'leg.ended',
    ])
  })

  it('with a voice on file, waits for it with music and is joined the moment it is there', async () => {
    const from = await sip.world.newCallerWithVoice()
    sip.world.vendor.withholdClones = true
    const call = sip.call({ from })
    await call.reaches('hold')
    sip.world.vendor.withholdClones = false
    const conversation = await call.conversation(1)
    expect(sip.world.vendor.voices.get(conversation.voiceId ?? '')?.category).toBe('cloned')
    await call.reaches('bridged.talking')
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('is hung up by an operator', async () => {
    const call = sip.call()
    await call.reaches('bridged.talking')
    const response = await sip.world.admin(`/calls/${await call.id()}/hangup`, { method: 'POST' })
    expect(response.status).toBe(202)
    expect((await call.line.ended).by).toBe('service')
    expect(await call.outcome()).toBe('operator_hung_up')
  })
})
