import { useMutation, useQueryClient } from '@tanstack/react-query'

type Write<Variables, Answer> = {
  ask: (variables: Variables) => Promise<Answer>
  /** The path under which it is read what this changes. */
  changes: string
  onDone?: (answer: Answer) => void
}

/** Something that the service is asked to do; what the page shows of it is read again then. */
export function useWrite<Answer, Variables = void>({ ask, changes, onDone }: Write<Variables, Answer>) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ask,
    onSuccess: (answer) => {
      void client.invalidateQueries({ queryKey: [changes] })
      onDone?.(answer)
    },
  })
}
