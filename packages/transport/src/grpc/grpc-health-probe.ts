import { type GrpcHealthQuestionOptions, grpcHealthQuestion } from './grpc-health-question.ts'

/**
 * A question to `grpc.health.v1.Health` at an address (`127.0.0.1:50051`), to be asked as often as one likes: whether it says SERVING.
 *
 * Whatever else it says, no answer in time included, is no; it never rejects. Each question has a connection of its own, which is gone when it is
 * answered, or when `signal` aborts.
 */
export function grpcHealthProbe(
  address: string,
  options?: GrpcHealthQuestionOptions,
): (signal?: AbortSignal) => Promise<boolean> {
  const ask = grpcHealthQuestion(address, options)
  return async (signal) => {
    const answer = await ask(signal)
    return answer.is === 'told' && answer.status === 'SERVING'
  }
}
