/** What the example providers know: a question, what it is recognised by, and its answer. */
export const known: readonly { question: string; about: RegExp; answer: string }[] = [
  {
    question: 'What is a circuit breaker?',
    about: /circuit breaker/i,
    answer:
      'A circuit breaker watches the calls to something that may fail. After enough failures in a row it opens, and calls are refused at once instead of waiting for a timeout. After a while it lets one through: if that succeeds, it closes, and everything goes on as before.',
  },
  {
    question: 'Why do retries need jitter?',
    about: /jitter/i,
    answer:
      'When a service stumbles, all its callers fail in the same moment. If each of them waits one second, they all come back in the same moment too, and knock it over again. A random wait spreads them out, and gives the service room to recover.',
  },
  {
    question: 'What is a retry budget?',
    about: /retry budget/i,
    answer:
      'A retry budget limits how many extra calls retries may add, say one for every five ordinary calls. While a service is well, nobody notices it. When the service is down, the budget keeps a crowd of retries from becoming the next outage.',
  },
  {
    question: 'What does a supervisor do?',
    about: /supervisor/i,
    answer:
      'A supervisor starts processes, waits until they are ready, and watches them. When one dies it starts it again: at once the first time, more patiently after that. And when it is told to stop, it leaves nothing running behind.',
  },
  {
    question: 'How long should a timeout be?',
    about: /timeout/i,
    answer:
      'Longer than a slow answer, shorter than a patient caller. For a language model one number is not enough: limit the wait for the first token, the silence between two tokens, and the whole answer. A long answer that keeps moving is not a hang.',
  },
  {
    question: 'Why stream an answer?',
    about: /stream/i,
    answer:
      'Because people read about as fast as a model writes. A stream shows the first words after a moment instead of the whole text after half a minute, and a silence in the middle tells you early that something broke, while there is still time to ask someone else.',
  },
]

/** The answer to a question: the known one, else a sentence that repeats the question and invents nothing. */
export function answerTo(question: string): string {
  const found = known.find(({ about }) => about.test(question))
  if (found) return found.answer
  return `You asked: "${question.trim()}" I am a small example provider with a handful of canned answers, and this is not one of them, so I repeat your question instead of inventing something.`
}
