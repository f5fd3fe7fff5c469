import { describe, expect, test } from 'vitest'
import { alice, begin, confirm, looksAt, main, service, visitConsole } from '../support/console-visits.ts'

/*
 * What the console asks before it does what cannot be taken back.
 */

visitConsole()

const question = () => alice.page.getByRole('alertdialog', { name: 'Delete Provider?' })
const entry = () => main().locator('.entry', { hasText: 'Provider' })
const focused = () => alice.page.evaluate('document.activeElement.textContent')

/** Alice has pressed the button that deletes a trunk. */
const asksToDelete = async (colorScheme: 'light' | 'dark' = 'light') => {
  await begin()
  await service.troubledTrunk()
  await looksAt('#/trunks', { colorScheme })
  await entry().getByRole('button', { name: 'Delete' }).click()
  await question().waitFor()
}

describe('a question', () => {
  test.each(['light', 'dark'] as const)('says what will happen, for all to read, in %s', async (scheme) => {
    await asksToDelete(scheme)
    await question().getByText('New calls from it will be refused; those that live go on.').waitFor()
    expect(await alice.accessibilityFaults()).toEqual([])
  })

  test.each(['Escape', 'Enter'])('is answered with no by %s, and the focus is where it was', async (key) => {
    await asksToDelete()
    await expect.poll(focused).toBe('Cancel')
    await alice.page.keyboard.press(key)
    await question().waitFor({ state: 'detached' })
    await expect.poll(focused).toBe('Delete')
    expect(await service.trunks.list()).toHaveLength(1)
  })

  test('keeps the keyboard to itself', async () => {
    await asksToDelete()
    await expect.poll(focused).toBe('Cancel')
    for (const name of ['Delete', 'Cancel']) {
      await alice.page.keyboard.press('Tab')
      await expect.poll(focused).toBe(name)
    }
  })

  test('stays with what is wrong when it cannot be done', async () => {
    await asksToDelete()
    await alice.page.route('**/api/v1/trunks/*', (asked) =>
      asked.fulfill({ status: 500, json: { detail: 'It broke.' } }),
    )
    await confirm('Delete')
    await question().getByRole('alert').getByText('It broke.').waitFor()
    await alice.page.unroute('**/api/v1/trunks/*')
    await confirm('Delete')
    await entry().waitFor({ state: 'detached' })
  })

  test('is under the one for the key when the session ends, and is done after that', async () => {
    await asksToDelete()
    await alice.page.context().clearCookies()
    await confirm('Delete')
    const signIn = alice.page.getByRole('alertdialog', { name: 'Your session has ended' })
    await signIn.waitFor()
    expect(await alice.accessibilityFaults()).toEqual([])
    await alice.page.keyboard.press('Escape')
    await signIn.getByLabel('Admin key').fill(service.key)
    await alice.page.keyboard.press('Enter')
    await signIn.waitFor({ state: 'detached' })
    await entry().waitFor({ state: 'detached' })
    await question().waitFor({ state: 'detached' })
  })
})
