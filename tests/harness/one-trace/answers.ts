export interface Question {
  readonly question: string
}

/** The service that the first process asks of the second, in JSON. */
export const answers = {
  ask: {
    path: '/answers.Answers/Ask',
    requestStream: false,
    responseStream: false,
    requestSerialize: (asked: Question) => Buffer.from(JSON.stringify(asked)),
    requestDeserialize: (bytes: Buffer): Question => JSON.parse(bytes.toString()),
    responseSerialize: (answer: string) => Buffer.from(answer),
    responseDeserialize: (bytes: Buffer) => bytes.toString(),
  },
} as const
