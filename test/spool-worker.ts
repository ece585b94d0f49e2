/** What the agent does with news, in a process of its own that may be killed at any moment: spools and uploads. */
import { Outbox } from '#agent/delivery/outbox.ts';
import { Spool } from '#agent/delivery/spool.ts';
import { Uploader } from '#agent/delivery/uploader.ts';
import type { Observation } from '#observation/observation.ts';
import type { Container } from '#observation/recording.ts';

const [folder = '', broker = '', round = '0'] = process.argv.slice(2);
const spool = await Spool.open(folder, 1 << 26);
const outbox = new Outbox(spool, 'test');
void new Uploader(spool, { broker, tokenFile: null, caFile: null, say: () => undefined }).run(
  new AbortController().signal,
);
for (let number = 0; ; number += 1) {
  const id = `round-${round}`;
  const container: Container = { type: 'container', id, workload: 'w', name: 'n', started: 0, fromStart: true };
  const name = `fact-${round}-${number}`;
  const fact: Observation = {
    type: 'dns',
    container: id,
    phase: 'program',
    program: null,
    seen: { first: 1, last: 1, count: 1 },
    server: '10.0.0.1',
    name,
    question: 'A',
    rcode: 'NOERROR',
    addresses: [],
    aliases: [],
    ttlSeconds: 1,
  };
  const failed = await outbox.put([container], [fact], [], Date.now());
  if (failed !== null) throw new Error(failed);
  // From here on it is spooled: it must arrive.
  process.stdout.write(`${name}\n`);
}
