interface Text {
  readonly text: string
}

const write = (value: Text): Buffer => Buffer.from(value.text)
const read = (bytes: Buffer): Text => ({ text: bytes.toString() })

/** One method that says what it was told, with next to nothing spent on messages. */
export const echoService = {
  echo: {
    path: '/holdfast.bench.Echo/Echo',
    requestStream: false,
    responseStream: false,
    requestSerialize: write,
    requestDeserialize: read,
    responseSerialize: write,
    responseDeserialize: read,
  },
} as const
