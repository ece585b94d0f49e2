/** What profiles answer, as apparmor_parser 3.0 and a 6.1 kernel together would. The text's first one is the container's. */
import type { Observation } from '#observation/observation.ts';
import { wordsOf } from '#observation/words.ts';
import type { Evaluator, Verdict } from '../kind.ts';
import { Confinement } from './confinement.ts';
import type { Rulebook } from './decide.ts';
import { groundOf } from './grounds.ts';
import { refuseConflicts } from './language/conflicts.ts';
import { allOf, readProfiles } from './language/read.ts';
import type { Letter } from './language/rules.ts';
import { neighbours } from './neighbours.ts';
import { isOperatorObject, profileOfObject } from './operator-object.ts';
import { permissionsOf } from './permissions.ts';
import type { Query, QueryOf } from './query.ts';
import { type Ask, bytes, questions } from './questions.ts';

export function evaluator(text: string): Evaluator<Query> {
  const ofOperator = isOperatorObject(text);
  const file = readProfiles(ofOperator ? profileOfObject(text) : text);
  const profiles = allOf(file.profiles);
  for (const profile of profiles) refuseConflicts(profile);
  const confinement = new Confinement(file);
  const permissions = [...new Set(profiles.flatMap(({ rules }) => rules.flatMap(permissionsOf)))].toSorted();

  function answer(query: Query): Verdict {
    const book = query.profile === undefined ? confinement.first : confinement.books.get(query.profile);
    if (book === undefined) return { verdict: 'unknown', rule: `no profile ${query.profile} in the text` };
    if (book.profile.flags.includes('unconfined')) return { verdict: 'allow', rule: 'flags=(unconfined)' };
    return answered(book, query);
  }

  function answered(book: Rulebook, query: Query): Verdict {
    switch (query.op) {
      case 'file':
        return book.file(bytes(query.path), query.perms.split('') as Letter[], query.owner);
      case 'exec':
        return started(book, bytes(query.path), query.owner);
      case 'link-target':
        return book.linkTarget(bytes(query.path), query.owner);
      case 'capability':
        return book.capability(query.name.toLowerCase().replace(/^cap_/, ''));
      case 'network':
        return book.network(query.family, query.type);
      case 'signal':
        return book.signal({
          ...query,
          signal: query.signal.toLowerCase().replace(/^sig(?=[a-z])/, ''),
          peer: bytes(query.peer),
        });
      case 'ptrace':
        return book.ptrace({ ...query, peer: bytes(query.peer) });
      case 'mount':
      case 'remount':
      case 'umount':
        return book.mount({ ...query, source: bytes(query.source), target: bytes(query.target) });
      case 'rlimit':
        return book.rlimit(query.resource, query.hard);
    }
  }

  /** An exec into a profile that is not there fails; whether it is on the node this text does not tell. */
  function started(book: Rulebook, path: string, owner: boolean | null): Verdict {
    const verdict = book.file(path, ['x'], owner);
    const mode = verdict.verdict === 'allow' ? book.execMode(path, owner) : null;
    if (mode === null || confinement.target(book.profile, mode, path) !== null) return verdict;
    return { ...verdict, verdict: 'unknown', rule: `${verdict.rule}: its profile is not in this text` };
  }

  function asked(book: Rulebook, ask: Ask): Verdict {
    const peer = 'peer' in ask ? (ask.peer === 'own' ? book.profile.name : ask.peer) : '';
    switch (ask.op) {
      case 'unclear':
        return { verdict: 'unknown', rule: ask.reason };
      case 'file':
        return ask.letters.includes('x')
          ? started(book, ask.path, ask.owner)
          : book.file(ask.path, ask.letters, ask.owner);
      case 'link-target':
        return book.linkTarget(ask.path, ask.owner);
      case 'capability':
        return book.capability(ask.name);
      case 'network':
        return book.network(ask.family, ask.kind);
      case 'signal':
        return book.signal({ ...ask, peer });
      case 'ptrace':
        return book.ptrace({ ...(ask as QueryOf<'ptrace'>), peer }); // the accesses are the query's own words
      case 'mount':
        return mounted(ask.targets, (target) => book.mount({ ...ask, target, flags: [...ask.flags] }));
      case 'umount':
        return mounted(ask.targets, (target) =>
          book.mount({ op: 'umount', target, source: '', fstype: '', flags: [] }),
        );
      case 'rlimit':
        return book.rlimit(ask.resource, ask.hard);
    }
  }

  /** Where a directory stands the rule needs a slash, and who mounts does not say what it was. */
  function mounted(targets: readonly string[], on: (target: string) => Verdict): Verdict {
    const all = targets.map(on);
    return all.find(({ verdict }) => verdict === 'allow') ?? all[0] ?? { verdict: 'unknown', rule: 'no target' };
  }

  function judge(observation: Observation): Verdict {
    const program = 'program' in observation && observation.program !== null ? bytes(observation.program) : null;
    // Of a script the interpreter is seen, and not who started it.
    const started = observation.type === 'file' && observation.access === 'execute';
    const books = confinement.of(started ? null : program);
    const asks = questions(observation);
    if (asks.length === 0) throw new Error(`apparmor does not govern ${observation.type}`);
    const verdicts = books.map((book) => together(asks.map((ask) => asked(book, ask))));
    return (started ? verdicts.find(({ verdict }) => verdict === 'allow') : undefined) ?? together(verdicts);
  }

  return {
    governs: (observation) => questions(observation).length > 0,
    judge,
    about: wordsOf,
    answer,
    permissions,
    ground: (permission) => groundOf(permission, ofOperator),
    neighbours: () => neighbours(profiles),
  };
}

/** Allowed when each is, by all that they take. */
function together(verdicts: readonly Verdict[]): Verdict {
  const worst =
    verdicts.find(({ verdict }) => verdict === 'deny') ?? verdicts.find(({ verdict }) => verdict === 'unknown');
  if (worst !== undefined) return worst;
  const permissions = [...new Set(verdicts.flatMap((each) => each.permissions ?? []))];
  return { verdict: 'allow', rule: verdicts[0]?.rule ?? '', permissions };
}
